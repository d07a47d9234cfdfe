// A link for a screen on the wall: a key that sees the wall and nothing else, shown once.

import { html, useMemo, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { t } from "../lib/words.mjs";
import { useForm } from "../store/form.mjs";
import { wallAddress } from "../store/wall.mjs";
import { Dialog } from "./Dialog.mjs";
import { Field } from "./Field.mjs";
import { Form } from "./Form.mjs";
import { Button, Copy } from "./Page.mjs";

const DAY = 86_400_000;

/** The dialog. `query` ([name, value]…) is the filter of what the wall shows; `onMade` hears of a new key. */
export function WallLink({ query = [], onClose, onMade = () => {} }) {
  const [made, setMade] = useState(null);
  const opened = useMemo(api.serverNow, []); // what is sent again is the same
  const form = useForm({
    initial: { name: t("Wall screen"), days: 365 },
    check: ({ name }) => ({ name: name.trim() ? null : t("Give it a name.") }),
    save: ({ name, days }, create) => create("/api-keys", { name, scopes: ["wall"], expires_at: days ? new Date(opened + days * DAY).toISOString() : null }),
  });
  const saved = (answer) => {
    setMade(wallAddress(query, answer.key));
    onMade();
  };
  if (made) {
    return html`<${Dialog} title=${t("Link for a wall screen")} onClose=${onClose} foot=${html`<${Copy} kind="primary" text=${made}>${t("Copy the link")}<//><${Button} onClick=${onClose}>${t("Done")}<//>`}><p><strong>${t("It is shown now and never again.")}</strong> ${t("Open it on the screen: nobody has to sign in there. Whoever has the link sees names and states of services, and nothing else. Revoke it under Organization, Keys.")}</p><pre>${made}</pre><//>`;
  }
  return html`<${Dialog} title=${t("Link for a wall screen")} onClose=${onClose}><${Form} form=${form} verb=${t("Make it")} onSaved=${saved} onCancel=${onClose}>
    <p class="muted">${query.length ? t("For a screen that nobody is signed in at. It shows the services that the filter leaves now.") : t("For a screen that nobody is signed in at. It shows every service of the organization.")}</p>
    <${Field} form=${form} path="name" label=${t("Name")} help=${t("Where the screen hangs, to know later which link to revoke.")} />
    <${Field} form=${form} path="days" label=${t("Ends after")} kind="select" options=${[[30, t("30 days")], [365, t("a year")], [null, t("never")]]} />
  <//><//>`;
}
