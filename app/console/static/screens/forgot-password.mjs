// A forgotten password: the address is asked for, and a link is sent.

import { html, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { t } from "../lib/words.mjs";
import { Field } from "../parts/Field.mjs";
import { Entry } from "../parts/Page.mjs";
import { Form } from "../parts/Form.mjs";
import { useForm } from "../store/form.mjs";

export default function ForgotPassword() {
  const [sent, setSent] = useState(null);
  const form = useForm({
    initial: { email: "" },
    check: ({ email }) => ({ email: email.includes("@") ? null : t("Write your e-mail address.") }),
    save: async ({ email }) => {
      await api.send("POST", "/auth/forgot-password", { body: { email: email.trim() }, again: false });
      return email.trim();
    },
  });
  const below = html`<a href="/sign-in">${t("Back to sign-in")}</a>`;
  if (sent) {
    return html`<${Entry} title=${t("Look into your mail")} below=${below}>
      <p>${t("If {email} has an account here, a link is on its way. It works once, for an hour.", { email: sent })}</p><//>`;
  }
  return html`<${Entry} title=${t("Forgot the password?")} lead=${t("You get a link to choose another one.")} below=${below}>
    <${Form} form=${form} verb=${t("Send the link")} kind="primary large wide" onSaved=${setSent}>
      <${Field} form=${form} path="email" label=${t("E-mail address")} kind="email" autofocus />
    <//>
  <//>`;
}
