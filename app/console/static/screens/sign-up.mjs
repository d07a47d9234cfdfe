// The first account of a server, and every later one where registration is open.

import { html, useEffect, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { t } from "../lib/words.mjs";
import { Field } from "../parts/Field.mjs";
import { Entry } from "../parts/Page.mjs";
import { Form } from "../parts/Form.mjs";
import { useForm } from "../store/form.mjs";
import { openAlerts } from "../store/alerts.mjs";
import { go } from "../store/route.mjs";
import { load, signIn } from "../store/session.mjs";
import { ownZone } from "../store/view.mjs";

const STRENGTHS = [t("too short"), t("weak: add a few words"), t("fair"), t("good"), t("strong")];

/** How hard a password is to guess, 0 to 4: length first, variety second. */
function strength(password) {
  if (password.length < 8) return 0;
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^a-zA-Z\d]/].filter((kind) => kind.test(password)).length;
  const distinct = new Set(password).size;
  return Math.max(1, Math.min(4, Math.floor((distinct + password.length) / 9) + (kinds > 2 ? 1 : 0)));
}

export default function SignUp() {
  const [first, setFirst] = useState(false);
  useEffect(() => {
    api.get("/auth/options").then((found) => setFirst(found.is_first_account), () => {});
  }, []);
  const form = useForm({
    initial: { full_name: "", email: "", password: "" },
    check: ({ full_name, email, password }) => ({
      full_name: full_name.trim() ? null : t("Write your name."),
      email: email.includes("@") ? null : t("Write your e-mail address."),
      password: password.length >= 8 ? null : t("Use 8 characters or more."),
    }),
    save: async (values) => {
      const email = values.email.trim();
      await api.send("POST", "/auth/register", { body: { ...values, email, full_name: values.full_name.trim() }, again: false });
      await signIn(email, values.password);
    },
  });
  const done = () => {
    openAlerts.reload();
    // Days and months of its reports begin where its owner lives; it can be changed in its settings.
    if (ownZone !== "UTC") api.patch("/organization", { timezone: ownZone }).then(load).catch(() => {});
    go("/welcome", { replace: true });
  };
  const level = strength(form.get("password") ?? "");
  const title = first ? t("Create the first account") : t("Create an account");
  const lead = first ? t("It is the operator's of this server. No e-mail is sent; you are signed in at once.") : t("You get an organization of your own.");
  const below = !first && html`${t("Have an account?")} <a href="/sign-in">${t("Sign in")}</a>`;
  return html`<${Entry} title=${title} lead=${lead} below=${below}>
    <${Form} form=${form} verb=${t("Create account")} kind="primary large wide" onSaved=${done}>
      <${Field} form=${form} path="full_name" label=${t("Name")} autocomplete="name" autofocus />
      <${Field} form=${form} path="email" label=${t("E-mail address")} kind="email" />
      <${Field} form=${form} path="password" label=${t("Password")} kind="password" autocomplete="new-password" help=${form.get("password") ? STRENGTHS[level] : t("8 characters or more; a few words are best.")} />
      <div class="strength" aria-hidden="true">${[1, 2, 3, 4].map((at) => html`<i key=${at} class=${at <= level ? "on" : ""} />`)}</div>
    <//>
  <//>`;
}
