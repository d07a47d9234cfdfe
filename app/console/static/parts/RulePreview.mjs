// What a rule would have done on stored history, asked a moment after each change.

import { html, useEffect, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { dayAndClock, moment, span } from "../lib/time.mjs";
import { grouped, listed, sentence, t, tn } from "../lib/words.mjs";
import { link } from "../store/route.mjs";
import { Moment } from "./Status.mjs";

const REST_MS = 400;
const RANGES = [[1, t("24 hours")], [7, t("7 days")], [30, t("30 days")]];

/** The preview of `rule`, a body of the API. Older questions are called off. */
export function RulePreview({ rule }) {
  const [days, setDays] = useState(7);
  const [found, setFound] = useState({});
  const body = JSON.stringify({ condition: rule.condition, service_id: rule.service_id, tags: rule.tags, severity: rule.severity, auto_resolve: rule.auto_resolve, cooldown_minutes: rule.cooldown_minutes });
  useEffect(() => {
    const stopper = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const from = new Date(api.serverNow() - days * 86_400_000).toISOString();
        setFound({ preview: await api.post("/alert-rules/preview", { ...JSON.parse(body), from }, { signal: stopper.signal }) });
      } catch (error) {
        if (error.name !== "AbortError") setFound({ error });
      }
    }, REST_MS);
    setFound((known) => ({ ...known, old: true }));
    return () => {
      clearTimeout(timer);
      stopper.abort();
    };
  }, [body, days]);
  return html`<section class="card"><div class="card-head"><h2>${t("On your history")}</h2>
      <div class="segmented" role="group" aria-label=${t("How far back")}>${RANGES.map(([n, said]) => html`<button key=${n} type="button" class="button" aria-pressed=${n === days ? "true" : "false"} onClick=${() => setDays(n)}>${said}</button>`)}</div></div>
    <div role="status" aria-busy=${found.old ? "true" : null}>${found.error ? html`<p class="wrong">${sentence(Object.values(found.error.fields ?? {}).flat()[0] ?? found.error.message)}</p>` : found.preview ? html`<${Outcome} preview=${found.preview} days=${days} />` : html`<p class="muted">${t("Looking…")}</p>`}</div></section>`;
}

function Outcome({ preview, days }) {
  const alerts = preview.services.flatMap((service) => service.alerts);
  const longest = Math.max(0, ...alerts.map((each) => each.duration_seconds));
  const short = alerts.filter((each) => each.duration_seconds < 120).length;
  const facts = [alerts.length && t("the longest {span}", { span: span(longest) }), short && t("{n} of them under 2 min", { n: grouped(short) })].filter(Boolean);
  const noisy = preview.alerts_total > 5 * days;
  return html`<p><strong>${preview.alerts_total ? tn(preview.alerts_total, "It would have raised one alert", "It would have raised {n} alerts") : t("It would have raised no alert")}</strong>${facts.length ? `, ${listed(facts)}` : ""}.</p>
    <p class="muted small">${t("{results} results of {looked} of {scope} services.", { results: grouped(preview.results_looked_at), looked: preview.services_looked_at, scope: preview.services_in_scope })} ${preview.is_complete ? "" : t("There was more than could be looked at: this is the newest part.")}</p>
    ${noisy && html`<p class="slow">${t("That is more than five a day. Ask for several checks, for instance 3 of the last 5.")}</p>`}
    ${preview.notes.map((note) => html`<p key=${note} class="muted small">${sentence(note)}</p>`)}
    <ul class="lines">${preview.services.filter((each) => each.alerts_total).slice(0, 10).map((each) => html`<li key=${each.service_id}><a href=${link(`/services/${each.service_id}`)}>${each.service_name}</a><span class="muted">${tn(each.alerts_total, "once", "{n} times")}, ${t("last")} <${Moment} at=${moment(each.alerts[0].fired_at)} write=${dayAndClock} /> (${span(each.alerts[0].duration_seconds)})</span></li>`)}</ul>`;
}
