// Signing in: e-mail, password, then the code where there is a second factor.

import { html, useEffect, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { t } from "../lib/words.mjs";
import { Field } from "../parts/Field.mjs";
import { Entry } from "../parts/Page.mjs";
import { Form } from "../parts/Form.mjs";
import { useForm } from "../store/form.mjs";
import { go, route } from "../store/route.mjs";
import { openAlerts } from "../store/alerts.mjs";
import { confirmSignIn, signIn, signedIn } from "../store/session.mjs";

/** Where to go after signing in: only ever an address of our own. */
export function next() {
  const wanted = route.peek().query.get("next") ?? "/";
  return /^\/(?![/\\])/.test(wanted) ? wanted : "/";
}

export default function SignIn() {
  const [options, setOptions] = useState(null);
  const [challenge, setChallenge] = useState(null);
  useEffect(() => {
    if (signedIn.peek() === "in") go(next(), { replace: true });
    api.get("/auth/options").then((found) => {
      setOptions(found);
      if (found.is_first_account) go("/sign-up", { replace: true });
    }, () => {});
  }, []);
  const enter = () => {
    openAlerts.reload();
    go(next(), { replace: true });
  };
  if (challenge) return html`<${SecondStep} challenge=${challenge} onDone=${enter} />`;
  const below = options?.registration === "open" && html`${t("No account yet?")} <a href=${`/sign-up${location.search}`}>${t("Create one")}</a>`;
  return html`<${Entry} title=${t("Sign in")} below=${below}>
    <${Password} onDone=${(asked) => (asked ? setChallenge(asked) : enter())} />
    ${options?.mail_configured && html`<p class="below"><a href="/forgot-password">${t("Forgot the password?")}</a></p>`}
  <//>`;
}

/** E-mail address and password; `onDone` gets the challenge of the second step, or null. */
export function Password({ onDone, email = "" }) {
  const form = useForm({
    initial: { email, password: "" },
    check: ({ email: address, password }) => ({
      email: address ? null : t("Write your e-mail address."),
      password: password ? null : t("Write your password."),
    }),
    save: async ({ email: address, password }) => {
      try {
        return { challenge: await signIn(address.trim(), password) };
      } catch (error) {
        if (error.status === 401) error.message = t("E-mail address or password is not right");
        throw error;
      }
    },
  });
  return html`<${Form} form=${form} verb=${t("Sign in")} kind="primary large wide" onSaved=${({ challenge }) => onDone(challenge)}>
    <${Field} form=${form} path="email" label=${t("E-mail address")} kind="email" autofocus=${!email} />
    <${Field} form=${form} path="password" label=${t("Password")} kind="password" autofocus=${Boolean(email)} />
  <//>`;
}

export function SecondStep(given) {
  return html`<${Entry} title=${t("Your code")}><${Code} ...${given} /><//>`;
}

/** The second step: the code of a challenge. */
export function Code({ challenge, onDone = () => {} }) {
  const form = useForm({
    initial: { code: "" },
    save: async ({ code }) => {
      try {
        await confirmSignIn(challenge, code.trim());
      } catch (error) {
        if (error.status === 401) error.message = t("That code is not right, or it was used before");
        throw error;
      }
    },
  });
  return html`<${Form} form=${form} verb=${t("Continue")} kind="primary large wide" onSaved=${onDone}>
    <${Field} form=${form} path="code" label=${t("Code")} help=${t("Of your authenticator app, or a recovery code.")} inputmode="numeric" autocomplete="one-time-code" autofocus />
  <//>`;
}
