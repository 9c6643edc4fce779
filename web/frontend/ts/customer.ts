import * as copying from "./core/copying";
import * as forms from "./core/forms";
import * as joining from "./core/joining";

forms.start();
copying.start();
joining.start();
