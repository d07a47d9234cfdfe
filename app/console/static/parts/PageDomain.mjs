// A host of its own for a status page: the record to create, what is seen of it, and how far it is.

import { html, useEffect } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { moment } from "../lib/time.mjs";
import { t } from "../lib/words.mjs";
import { useForm } from "../store/form.mjs";
import { may, whyNot } from "../store/session.mjs";
import { say } from "../store/toasts.mjs";
import { Field } from "./Field.mjs";
import { Form } from "./Form.mjs";
import { Icon } from "./Icon.mjs";
import { Button, Copy, Facts } from "./Page.mjs";
import { DeleteButton, PlainTable, perform } from "./Plain.mjs";
import { Ago } from "./Status.mjs";

const STATES = {
  waiting: ["slow", "clock", t("Waiting for the record")],
  verified: ["up", "check", t("Verified; the page is being made for it")],
  serving: ["up", "check", t("Serving: the page answers there")],
};
const copied = (text) => html`<code class="anywhere">${text}</code> <${Copy} text=${text} />`;
const LOOK_MS = 5000;

/** The domain of a page. `reload` reads the page again. */
export function Domain({ page, reload }) {
  const form = useForm({
    initial: { custom_domain: page.custom_domain ?? "" },
    check: (values) => ({ custom_domain: values.custom_domain.trim() ? undefined : t("Write the host, like status.example.com.") }),
    save: (values) => api.patch(`/status-pages/${page.id}`, { custom_domain: values.custom_domain.trim(), unchanged_since: page.updated_at }),
  });
  const saved = (found) => {
    form.reset({ custom_domain: found.custom_domain });
    say(t("Now create one of the records."));
    reload();
  };
  const remove = async () => {
    await api.patch(`/status-pages/${page.id}`, { custom_domain: null });
    form.reset({ custom_domain: "" });
    reload();
  };
  const reason = whyNot("status_pages:admin");
  return html`<div class="stack narrow-stack">
    ${reason && html`<p class="notice"><${Icon} name="warning" />${reason}</p>`}
    <p>${t("The page answers on a host of yours beside {url}. Nothing else is reached there: neither this console nor another page.", { url: page.url })}</p>
    <${Form} form=${form} needs="status_pages:admin" verb=${page.domain ? t("Change") : t("Use this host")} onSaved=${saved}>
      <${Field} form=${form} path="custom_domain" label=${t("Host")} placeholder=${t("status.example.com")} kind="url" />
    <//>
    ${page.domain && html`<${Records} page=${page} reload=${reload} /><div><${DeleteButton} name=${page.custom_domain} needs="status_pages:admin" verb=${t("Give up")} act=${remove} consequence=${t("The host stops to answer at once. Links to it, also those in messages that were sent, lead nowhere.")}>${t("Give up this host")}<//></div>`}
  </div>`;
}

function Records({ page, reload }) {
  const { state, cname, txt_name: name, txt_value: value, seen, checked_at: checked } = page.domain;
  const [look, icon, words] = STATES[state];
  useEffect(() => {
    // Looked at while somebody waits for it: a record is found within a minute of its creation.
    if (state === "serving") return undefined;
    const timer = setInterval(reload, LOOK_MS);
    return () => clearInterval(timer);
  }, [state]);
  const check = () => perform(() => api.post(`/status-pages/${page.id}/verify-domain`), t("Looked up within a minute."), reload);
  return html`<section class="card"><div class="card-head"><h2>${page.custom_domain}</h2><span class=${`status wraps ${look}`} role="status"><${Icon} name=${icon} /> ${words}</span></div>
    <p>${t("Create one of these at your name provider; either is enough. The TXT record proves that the host is yours: with it no other page can take it.")}</p>
    <${PlainTable} label=${t("Records")} rows=${[{ id: "TXT", name, value }, { id: "CNAME", name: page.custom_domain, value: cname }]} columns=${[{ title: t("Kind"), cell: (each) => each.id }, { title: t("Name"), cell: (each) => copied(each.name) }, { title: t("Value"), cell: (each) => copied(each.value) }]} />
    <${Facts} rows=${[[t("Seen now"), seen ? html`<code>${seen}</code>` : t("nothing yet")], [t("Looked up"), checked ? html`<${Ago} at=${moment(checked)} />` : t("is being looked up")]]} />
    ${may("status_pages:admin") && html`<div class="actions"><${Button} onClick=${check}>${t("Look it up now")}<//></div>`}
    <p class="muted small">${t("Certificates are your proxy's task; the guide has recipes for Caddy, nginx and Traefik.")}</p>
  </section>`;
}
