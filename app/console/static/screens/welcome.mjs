// The first ten minutes: what to watch, who shall hear of it, and one outage seen to its end.

import { html, useEffect, useMemo, useRef, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { guess } from "../lib/endpoints.mjs";
import { flatErrors } from "../lib/forms.mjs";
import { clock, moment } from "../lib/time.mjs";
import { milliseconds, sentence, t, tn } from "../lib/words.mjs";
import { ChannelForm, TestMessage, TypeTiles } from "../parts/ChannelForm.mjs";
import { Icon } from "../parts/Icon.mjs";
import { Button, Failure, Loaded, Page } from "../parts/Page.mjs";
import { PlanNotice } from "../parts/PlanNotice.mjs";
import { Status } from "../parts/Status.mjs";
import { makeCreate } from "../store/form.mjs";
import { useResource } from "../store/resource.mjs";
import { go, link, route, setQuery } from "../store/route.mjs";
import { put } from "../store/services.mjs";
import { sayError } from "../store/toasts.mjs";
import { zone } from "../store/view.mjs";

const STEPS = [t("What shall we watch?"), t("Who shall hear of it?"), t("See it work")];
const MOST = 50;

export default function Welcome() {
  const step = Math.min(2, Number(route.value.query.get("step")) || 0);
  const next = () => (step < 2 ? setQuery({ step: step + 1 }, { replace: false }) : go(link("/")));
  const Step = [Watch, Tell, Practise][step];
  const skip = html`<${Button} kind="quiet" onClick=${next}>${t("Skip")}<//>`;
  return html`<${Page} key=${step} title=${STEPS[step]} lead=${t("Step {n} of {all}", { n: step + 1, all: STEPS.length })} actions=${skip} narrow><${Step} next=${next} /><//>`;
}

function Watch({ next }) {
  const [text, setText] = useState("");
  const [lines, setLines] = useState([]);
  const [busy, setBusy] = useState(false);
  const field = useRef(null);
  const create = useMemo(makeCreate, []);
  useEffect(() => field.current.focus({ preventScroll: true }), []);
  const found = text.split("\n").map(guess).filter(Boolean).slice(0, MOST);
  const bodies = () => found.map((each) => ({ ...each }));
  const test = async () => {
    setBusy(true);
    const tried = bodies().map((body) => ({ body }));
    setLines(tried.map((each) => ({ ...each, busy: true })));
    await Promise.all(tried.map(async (each, at) => {
      const seen = await api.post("/services/test", each.body).catch((error) => ({ status: "RED", error: Object.values(flatErrors(error.fields)).join(" ") || error.message }));
      setLines((known) => known.map((line, index) => (index === at ? { body: each.body, seen } : line)));
    }));
    setBusy(false);
  };
  const start = async () => {
    setBusy(true);
    const waiting = bodies();
    try {
      while (waiting.length) {
        put([await create("/services", waiting[0])]);
        waiting.shift();
      }
      next();
    } catch (error) {
      sayError(error);
      setText(waiting.map((body) => body.endpoint).join("\n")); // what is watched is not asked for again
    }
    setBusy(false);
  };
  return html`<div class="form"><${PlanNotice} />
    <label class="field"><span class="label">${t("Addresses, one a line")}</span>
      <textarea rows="4" ref=${field} placeholder=${"https://example.com\ndb.example.com:5432"} value=${text} onInput=${(event) => setText(event.target.value)} spellcheck=${false} />
      <span class="help">${t("A URL, host:port, a host name. The kind of check is guessed; you can change everything later.")}</span></label>
    ${lines.length > 0 && html`<ul class="alert-rows">${lines.map(({ body, seen, busy: testing }) => html`<li key=${body.endpoint} class="alert-row"><div class="what"><strong>${body.name}</strong> <span class="chip">${body.check_type}</span>${seen?.error && html`<p class="muted small">${sentence(seen.error)}</p>`}</div>${testing ? html`<span class="muted">${t("Testing…")}</span>` : html`<${Status} state=${seen.status} /> ${milliseconds(seen.response_time_ms)}`}</li>`)}</ul>`}
    <div class="actions"><${Button} kind="primary large" needs="services:write" busy=${busy} disabled=${found.length ? null : t("Write an address first")} onClick=${start}>${tn(found.length || 1, "Start watching", "Start watching {n}")}<//>
      <${Button} kind="large" needs="services:write" busy=${busy} disabled=${found.length ? null : t("Write an address first")} onClick=${test}>${t("Test")}<//></div>
    <p class="muted small">${t("Or")} <a href=${link("/organization", { tab: "file" })}>${t("import from Uptime Kuma, Gatus or Healthchecks")}</a>, ${t("or")} <a href=${link("/heartbeats/new")}>${t("let a cron job report")}</a>.</p>
  </div>`;
}

function Tell({ next }) {
  const types = useResource((signal) => api.get("/notification-channels/types", {}, signal));
  const [kind, setKind] = useState(null);
  const [channel, setChannel] = useState(null);
  if (channel) return html`<section class="card"><h2>${channel.name}</h2><${TestMessage} id=${channel.id} onArrived=${next} /></section>`;
  return html`<${Loaded} of=${types}>${(all) => {
    const type = all.find((each) => each.type === kind);
    if (!type) return html`<${TypeTiles} types=${all} onChoose=${setKind} />`;
    return html`<${ChannelForm} type=${type} short verb=${t("Continue")} onSaved=${setChannel} onCancel=${() => setKind(null)} />`;
  }}<//>`;
}

function Practise({ next }) {
  const frames = ["alert.fired", "alert.resolved", "notification.sent", "notification.failed", "check_result"];
  const found = useResource(readPractice, [], { frames });
  const [begun, setBegun] = useState(null);
  const start = async () => {
    try {
      const begins = api.serverNow() - 2000;
      await api.post("/practice");
      setBegun(begins);
      found.reload();
    } catch (error) {
      sayError(error);
    }
  };
  const stop = async () => {
    await api.remove("/practice").catch(sayError);
    next();
  };
  return html`<div class="form"><p>${t("A service “Practice” fails for 20 seconds. Everything else is real: the check, the alert, the message, the recovery.")}</p>
    ${found.error.value && html`<${Failure} error=${found.error.value} />`}
    ${begun === null ? html`<div class="actions"><${Button} kind="primary large" icon="play" needs="services:write" onClick=${start}>${t("Practise an outage")}<//></div>` : html`<${Story} state=${found.data.value} begun=${begun} />
      <div class="actions"><${Button} kind="primary large" onClick=${stop}>${t("Remove practice and finish")}<//><${Button} onClick=${start}>${t("Once more")}<//></div>`}
  </div>`;
}

async function readPractice(signal) {
  const state = await api.get("/practice", {}, signal);
  const sent = state.alert ? await api.get(`/alerts/${state.alert.id}/notifications`, {}, signal) : [];
  return { ...state, sent: sent.reverse() };
}

/** What has happened so far, each line with its time; what is to come stands there without. */
function Story({ state, begun }) {
  const alert = state?.alert && moment(state.alert.fired_at) >= begun ? state.alert : null;
  const untold = alert?.timeline.find((each) => each.kind === "untold");
  const told = alert ? state.sent.find((each) => each.kind === "alert.fired" && each.sent_at) : null;
  const back = alert?.resolved_at ? state.sent.find((each) => each.kind === "alert.resolved" && each.sent_at) : null;
  const who = (each) => each.channel_name ?? each.person_name ?? t("Somebody");
  const lines = [
    [t("The check failed, and the alert fired"), alert?.fired_at],
    untold ? [t("Nobody was told: {why}", { why: untold.text }), untold.at] : [told ? t("{who} was told", { who: who(told) }) : t("Somebody is told"), told?.sent_at],
    [t("It recovered, and the alert resolved"), alert?.resolved_at],
    !untold && [back ? t("{who} was told that it is over", { who: who(back) }) : t("Somebody is told that it is over"), back?.sent_at],
  ].filter(Boolean);
  return html`<ol class="timeline" aria-live="polite">${lines.map(([said, at], index) => html`<li key=${index}><span>${at ? clock(moment(at), zone.value, true) : "…"}</span><span class=${at ? "" : "muted"}>${at && html`<${Icon} name="check" /> `}${said}</span></li>`)}</ol>`;
}
