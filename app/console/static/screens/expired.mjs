// The session ended while somebody worked: the password is asked for over the page, what was typed
// stays, and the request that met the end is sent again. Nothing but an answer closes it: a stray Esc
// must not cost what was typed.

import { html, useState } from "../vendor/ui.mjs";
import { t } from "../lib/words.mjs";
import { Dialog } from "../parts/Dialog.mjs";
import { session, signOut } from "../store/session.mjs";
import { Code, Password } from "./sign-in.mjs";

export default function Expired() {
  const [challenge, setChallenge] = useState(null);
  return html`<${Dialog} title=${t("Sign in again")}>
    <p>${t("Your session has ended. What you have typed is still here, and you go on where you were.")}</p>
    ${challenge ? html`<${Code} challenge=${challenge} />` : html`<${Password} email=${session.value?.email} onDone=${setChallenge} />`}
    <p class="below"><button type="button" class="button quiet" onClick=${signOut}>${t("Sign in as somebody else")}</button></p>
  <//>`;
}
