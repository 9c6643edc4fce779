import * as copying from "./core/copying";
import * as forms from "./core/forms";

forms.start();
copying.start();
