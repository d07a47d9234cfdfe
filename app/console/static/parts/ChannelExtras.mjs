// What few channels need: another channel for what this one refuses, quiet hours, words of one's own.

import { html, useEffect, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { sentence, t } from "../lib/words.mjs";
import { useResource } from "../store/resource.mjs";
import { organization } from "../store/session.mjs";
import { zone } from "../store/view.mjs";
import { Field } from "./Field.mjs";
import { Section } from "./Form.mjs";

const REST_MS = 400;
const LOUD = [["critical", t("critical alerts")], ["warning", t("warnings and critical alerts")], ["info", t("every alert")]];

/** A template as the API takes it: null without words of one's own. */
export function written(template) {
  const found = Object.fromEntries(Object.entries(template ?? {}).filter(([, text]) => text?.trim()));
  return Object.keys(found).length ? found : null;
}

/** The sections of a channel that is there. */
export function ChannelExtras({ form, channel }) {
  const others = (useResource((signal) => api.all("/notification-channels", {}, { signal })).data.value ?? []).filter((each) => each.id !== channel.id);
  const { quiet_hours: quiet, template, fallback_channel_id: fallback } = form.values.value;
  const chain = (id, seen = []) => {
    const next = others.find((each) => each.id === id);
    return next && !seen.includes(id) ? [next.name, ...chain(next.fallback_channel_id, [...seen, id])] : [];
  };
  const whole = channel.type === "webhook"; // it has no subject
  const toggle = (event) => form.set("quiet_hours", event.target.checked ? { timezone: zone.value, from: "22:00", to: "07:00", min_severity: "critical" } : null);
  return html`<${Section} title=${t("When it refuses")} hint=${fallback ? [channel.name, ...chain(fallback)].join(" → ") : t("tried again, then given up")}>
      <${Field} form=${form} path="fallback_channel_id" kind="select" label=${t("Tell instead")} options=${[[null, t("nobody")], ...others.map((each) => [each.id, each.name])]} help=${t("This channel is told what the other one did not take.")} /><//>
    <${Section} title=${t("Quiet hours")} hint=${quiet ? `${quiet.from} – ${quiet.to}, ${quiet.timezone}` : t("none")}>
      <label class="choice"><input type="checkbox" checked=${Boolean(quiet)} onChange=${toggle} /><span>${t("Keep still for a part of the day")}</span></label>
      ${quiet && html`<div class="pair"><${Field} form=${form} path="quiet_hours.from" type="time" label=${t("From")} /><${Field} form=${form} path="quiet_hours.to" type="time" label=${t("To")} />
        <${Field} form=${form} path="quiet_hours.timezone" label=${t("Time zone")} /><${Field} form=${form} path="quiet_hours.min_severity" kind="select" label=${t("Sent all the same")} options=${LOUD} /></div>`}<//>
    <${Section} title=${t("Words of the message")} hint=${written(template) ? t("your own") : t("the usual")}>
      <p class="muted small">${t("A small part of Jinja2. What is empty has the usual words.")} <a href="/guide" target="_blank">${t("Guide")}</a></p>
      ${!whole && html`<${Field} form=${form} path="template.subject" label=${t("Subject")} optional placeholder=${"{{ severity }}: {{ title }}"} />`}
      <${Field} form=${form} path="template.body" kind="textarea" label=${whole ? t("The whole body that is sent") : t("Body")} optional placeholder=${"{{ service.name }}: {{ reason }}"} />
      <${Preview} template=${template} whole=${whole} /><//>`;
}

/** A test message in these words, after a rest of the keys. */
function Preview({ template, whole }) {
  const [seen, setSeen] = useState(null);
  const words = written(template);
  const stamp = JSON.stringify(words);
  useEffect(() => {
    if (!words) {
      setSeen(null);
      return undefined;
    }
    const stopper = new AbortController();
    const timer = setTimeout(async () => {
      try {
        setSeen(await api.post("/notification-channels/preview", { template: words }, { signal: stopper.signal }));
      } catch (error) {
        const said = Object.values(error.fields?.template ?? {}).flat();
        if (error.name !== "AbortError") setSeen({ error: said.length ? said : [error.message] });
      }
    }, REST_MS);
    return () => {
      clearTimeout(timer);
      stopper.abort();
    };
  }, [stamp]);
  if (!seen) return null;
  if (seen.error) return html`<p class="down" role="status">${seen.error.map(sentence).join(" ")}</p>`;
  return html`<section class="card" role="status" aria-label=${t("Preview")}>${!whole && html`<h3>${seen.subject}</h3>`}<p class="said">${seen.body}</p>
    <p class="muted small">${t("A test message of {name}.", { name: organization.value?.name ?? "" })}</p></section>`;
}
