import * as copying from "./core/copying";
import * as dialogs from "./core/dialogs";
import * as forms from "./core/forms";
import * as keypad from "./core/keypad";
import * as keys from "./core/keys";
import * as passCard from "./core/pass-card";
import * as tabs from "./core/tabs";
import * as toasts from "./core/toasts";

forms.start();
copying.start();
dialogs.start();
keypad.start();
keys.start();
passCard.start();
tabs.start();
toasts.start();
