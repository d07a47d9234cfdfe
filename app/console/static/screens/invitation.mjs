// The page of an invitation: whoever is signed in joins; others sign in or make an account first.

import { html, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { t } from "../lib/words.mjs";
import { Field } from "../parts/Field.mjs";
import { Form } from "../parts/Form.mjs";
import { Button, Entry, Failure } from "../parts/Page.mjs";
import { useForm } from "../store/form.mjs";
import { takeFragment } from "../store/route.mjs";
import { session, signIn } from "../store/session.mjs";
import { Password, SecondStep } from "./sign-in.mjs";

export default function Invitation() {
  const [{ token, email }] = useState(takeFragment);
  const [known, setKnown] = useState(false);
  const [challenge, setChallenge] = useState(null);
  if (!token) return html`<${Entry} title=${t("This link is not whole")} lead=${t("Open it from the mail again, or copy all of it.")}><a class="button primary large wide" href="/">${t("Home")}</a><//>`;
  if (session.value) return html`<${Join} token=${token} />`;
  if (challenge) return html`<${SecondStep} challenge=${challenge} onDone=${() => {}} />`;
  const other = html`<${Button} kind="quiet" onClick=${() => setKnown(!known)}>${known ? t("I have no account yet") : t("I have an account")}<//>`;
  if (known) return html`<${Entry} title=${t("Sign in to join")} below=${other}><${Password} email=${email ?? ""} onDone=${setChallenge} /><//>`;
  return html`<${Entry} title=${t("You are invited")} lead=${email ? t("Create your account to join.") : t("Create your account to join, with the address that the invitation went to.")} below=${other}><${Account} token=${token} invited=${email} /><//>`;
}

function Join({ token }) {
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const join = async () => {
    setBusy(true);
    try {
      await api.post("/invitations/accept", { token });
      location.assign("/");
    } catch (reason) {
      setError(reason);
      setBusy(false);
    }
  };
  return html`<${Entry} title=${t("Join the organization?")} lead=${t("You are signed in as {email}.", { email: session.value.email })}>
    ${error && html`<${Failure} error=${error} />`}
    <${Button} kind="primary large wide" busy=${busy} onClick=${join}>${t("Join")}<//>
  <//>`;
}

function Account({ token, invited }) {
  const form = useForm({
    initial: { full_name: "", email: invited ?? "", password: "" },
    check: ({ full_name, email, password }) => ({
      full_name: full_name.trim() ? null : t("Write your name."),
      email: email.includes("@") ? null : t("Write your e-mail address."),
      password: password.length >= 8 ? null : t("Use 8 characters or more."),
    }),
    save: async ({ full_name, email, password }) => {
      const body = { full_name: full_name.trim(), email: email.trim(), password, invitation_token: token };
      await api.send("POST", "/auth/register", { body, again: false });
      await signIn(body.email, password);
    },
  });
  return html`<${Form} form=${form} verb=${t("Create account and join")} kind="primary large wide" onSaved=${() => location.assign("/")}>
    <${Field} form=${form} path="full_name" label=${t("Name")} autocomplete="name" autofocus />
    <${Field} form=${form} path="email" label=${t("E-mail address")} kind="email" readonly=${Boolean(invited)} help=${invited && t("The invitation is for this address.")} />
    <${Field} form=${form} path="password" label=${t("Password")} kind="password" autocomplete="new-password" help=${t("8 characters or more; a few words are best.")} />
  <//>`;
}
