// Parts of heartbeats: their state, what a job must call, and the next times of a schedule.

import { html, useEffect, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { HEARTBEAT_STATES, heartbeatState, snippets } from "../lib/heartbeats.mjs";
import { STATES } from "../lib/states.mjs";
import { dayAndClock, moment } from "../lib/time.mjs";
import { sentence, t } from "../lib/words.mjs";
import { now, zone } from "../store/view.mjs";
import { Copy } from "./Page.mjs";
import { For, Shape } from "./Status.mjs";

/** The shape and the word of a heartbeat's state; with `since`, for how long. */
export function HeartbeatStatus({ heartbeat, since = null }) {
  return html`<${HeartbeatWord} status=${heartbeatState(heartbeat)} since=${since} />`;
}

/** The shape and the word of a status. */
export function HeartbeatWord({ status, since = null }) {
  const { state, word } = HEARTBEAT_STATES[status];
  return html`<span class=${`status wraps ${STATES[state].name}`}><${Shape} state=${state} /><span>${word}${since !== null && html`${" "}<${For} since=${since} />`}</span></span>`;
}

/** What to put into a job, one way at a time, each with the real address. */
export function Snippets({ heartbeat }) {
  const all = snippets(heartbeat);
  const [chosen, choose] = useState(all[0].id);
  const { text } = all.find((each) => each.id === chosen);
  return html`<div class="snippet">
    <div class="segmented" role="group" aria-label=${t("How the job reports")}>${all.map((each) => html`<button key=${each.id} type="button" class="button" aria-pressed=${each.id === chosen ? "true" : "false"} onClick=${() => choose(each.id)}>${each.title}</button>`)}</div>
    <pre>${text}</pre><div><${Copy} key=${chosen} kind="" text=${text} /></div>
  </div>`;
}

/** The next five times of a schedule, asked of the server a moment after each change. */
export function NextPings({ schedule, timezone, grace }) {
  const [found, setFound] = useState({ expected: [] });
  useEffect(() => {
    const timer = setTimeout(async () => {
      try {
        setFound(await api.post("/heartbeats/preview", { schedule, timezone, grace_period_seconds: grace, count: 5 }));
      } catch (error) {
        setFound({ expected: [], error });
      }
    }, 400);
    return () => clearTimeout(timer);
  }, [schedule, timezone, grace]);
  if (found.error) return html`<p class="wrong" role="status">${Object.values(found.error.fields).flat().join(" ") || sentence(found.error.message)}</p>`;
  if (!found.expected.length) return null;
  return html`<div class="card"><h2>${t("The next times")}</h2><ul class="lines">${found.expected.map((each) => html`<li key=${each.expected_at}>
    <span>${dayAndClock(moment(each.expected_at), zone.value, now.value)}</span>
    <span class="muted">${t("missed after {at}", { at: dayAndClock(moment(each.missed_at), zone.value, now.value) })}</span></li>`)}</ul></div>`;
}
