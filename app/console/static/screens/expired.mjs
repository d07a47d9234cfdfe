// The session ended while somebody worked: the password is asked for over the page, what was typed
// stays, and the request that met the end is sent again.

import { html } from "../vendor/ui.mjs";
import { t } from "../lib/words.mjs";
import { Dialog } from "../parts/Dialog.mjs";
import { session, signOut } from "../store/session.mjs";
import { Password } from "./sign-in.mjs";

export default function Expired() {
  return html`<${Dialog} title=${t("Sign in again")} onClose=${signOut}>
    <p>${t("Your session has ended. What you have typed is still here.")}</p>
    <${Password} email=${session.value?.email} onDone=${(challenge) => challenge && location.reload()} />
  <//>`;
}
