// The page of a link to choose another password. The secret stands behind the #, which no server
// and no log ever sees; it is taken out of the address at once.

import { html, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { t } from "../lib/words.mjs";
import { Field } from "../parts/Field.mjs";
import { Entry } from "../parts/Page.mjs";
import { Form } from "../parts/Form.mjs";
import { useForm } from "../store/form.mjs";
import { takeFragment } from "../store/route.mjs";

export default function ResetPassword() {
  const [{ token }] = useState(takeFragment);
  const [done, setDone] = useState(false);
  const form = useForm({
    initial: { password: "" },
    check: ({ password }) => ({ password: password.length >= 8 ? null : t("Use 8 characters or more.") }),
    save: ({ password }) => api.send("POST", "/auth/reset-password", { body: { token, password }, again: false }),
  });
  const again = html`<a href="/forgot-password">${t("Ask for another link")}</a>`;
  const enter = html`<a class="button primary large wide" href="/sign-in">${t("Sign in")}</a>`;
  if (done) return html`<${Entry} title=${t("Your password is changed")} lead=${t("Every session of yours has ended.")}>${enter}<//>`;
  if (!token) return html`<${Entry} title=${t("This link is not whole")} lead=${t("Open it from the mail again, or copy all of it.")} below=${again}>${enter}<//>`;
  return html`<${Entry} title=${t("Choose another password")} below=${again}>
    <${Form} form=${form} verb=${t("Change the password")} kind="primary large wide" onSaved=${() => setDone(true)}>
      <${Field} form=${form} path="password" label=${t("New password")} kind="password" autocomplete="new-password" help=${t("8 characters or more; a few words are best.")} autofocus />
    <//>
  <//>`;
}
