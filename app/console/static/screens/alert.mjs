// One alert, made for three at night on a phone: what is down, who knows, why, what happened.

import { html, useMemo, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { about, happened } from "../lib/alerts.mjs";
import { labelOf } from "../lib/forms.mjs";
import { alertWord, messageOf, titled, why } from "../lib/states.mjs";
import { dayAndClock, dayAndSeconds, exact, moment, span, withLocalTimes } from "../lib/time.mjs";
import { minutesUntil } from "../lib/wall-times.mjs";
import { sentence, t } from "../lib/words.mjs";
import { FRAMES } from "../parts/AlertList.mjs";
import { Item, Menu } from "../parts/Menu.mjs";
import { Icon } from "../parts/Icon.mjs";
import { Button, Copy, Facts, Loaded, Page } from "../parts/Page.mjs";
import { Evidence, Waterfall } from "../parts/Probe.mjs";
import { Moment, Said, Severity } from "../parts/Status.mjs";
import { act } from "../store/alerts.mjs";
import { makeCreate } from "../store/form.mjs";
import { link } from "../store/route.mjs";
import { useResource } from "../store/resource.mjs";
import { now, zone } from "../store/view.mjs";
import { say, sayError } from "../store/toasts.mjs";

export default function Alert({ id }) {
  const concerns = (data) => data.id === id || data.alert_id === id;
  const found = useResource((signal) => api.get(`/alerts/${id}`, {}, signal), [id], { frames: [...FRAMES, "notification.sent", "notification.failed"], concerns });
  const alert = found.data.value;
  const title = alert ? headline(alert) : t("Alert");
  return html`<${Page} title=${title} back=${{ path: "/alerts", title: t("Alerts") }} lead=${alert && html`<${Lead} alert=${alert} />`}>
    <${Loaded} of=${found}>${(each) => html`<${Detail} alert=${each} update=${(changed) => changed && found.update(() => changed)} />`}<//>
  <//>`;
}

function headline(alert) {
  const name = alert.service_name;
  if (alert.status !== "resolved") return t("{name}: {title}", { name, title: titled(alert) });
  return alert.resolved_by ? t("{name}: resolved by {who}", { name, who: alert.resolved_by }) : t("{name} has recovered", { name });
}

function Lead({ alert }) {
  const fired = moment(alert.fired_at);
  const until = moment(alert.resolved_at) ?? now.value;
  return html`<span class="sentence"><${Severity} severity=${alert.severity} word /> <span>${alertWord(alert, now.value)} ${alert.status === "acknowledged" ? t("by {who}", { who: alert.acknowledged_by }) : ""} · ${t("since")} <${Moment} at=${fired} write=${dayAndClock} /> (${span((until - fired) / 1000)}) · <${Said} text=${why(alert)} /></span></span>`;
}

function Detail({ alert, update }) {
  const [note, setNote] = useState("");
  const create = useMemo(makeCreate, []);
  const open = alert.status !== "resolved";
  const snooze = async (minutes) => update(await act(alert.id, "snooze", { minutes }));
  const comment = async (event) => {
    event.preventDefault();
    if (!note.trim()) return;
    try {
      update(await create(`/alerts/${alert.id}/comments`, { text: note }));
      setNote("");
      say(t("Noted."));
    } catch (error) {
      sayError(error);
    }
  };
  return html`
    ${open && html`<div class="actions alert-acts">
      ${alert.status === "firing" && html`<${Button} kind="primary large" icon="check" needs="alerts:act" data-shortcut="a" onClick=${async () => update(await act(alert.id, "acknowledge"))}>${t("Acknowledge")}<//>`}
      <${Menu} side="left" shortcut="z" label=${html`${t("Snooze")}<${Icon} name="chevron" />`}>${[[30, t("30 minutes")], [120, t("2 hours")], [minutesUntil("08:00", now.peek(), zone.peek()), t("until 08:00")], [1440, t("1 day")], [10_080, t("until it recovers, at most 7 days")]].map(([minutes, said]) => html`<${Item} key=${minutes} needs="alerts:act" onClick=${() => snooze(minutes)}>${said}<//>`)}<//>
      <${Button} needs="alerts:act" data-shortcut="r" onClick=${async () => update(await act(alert.id, "resolve"))}>${t("Resolve")}<//>
    </div>`}
    <div class="columns">
      <div class="stack">
        ${alert.service_id && alert.check_id && html`<${Why} alert=${alert} />`}
        <section class="card"><h2>${t("Context")}</h2><${Facts} rows=${[
          [t("Service"), alert.service_id && html`<a href=${link(`/services/${alert.service_id}`)}>${alert.service_name}</a>`],
          [t("Message"), !(alert.reason && messageOf(alert).endsWith(alert.reason)) && html`<${Said} text=${messageOf(alert)} as=${String} />`],
          [t("Runbook"), /^https:\/\//.test(alert.runbook_url ?? "") && html`<a href=${alert.runbook_url} target="_blank" rel="noopener noreferrer">${new URL(alert.runbook_url).host}</a>`],
          [t("Hides"), alert.suppressed_services.map((each) => each.service_name).join(", ")],
          [t("Hidden by"), alert.suppressed_by && html`<a href=${link(`/alerts/${alert.suppressed_by}`)}>${t("its cause")}</a>`],
          [t("Flapping"), alert.is_flapping && t("It goes up and down; the alert stands until that is over.")],
          [t("Escalation"), alert.escalation && (alert.escalation.next_level_at ? html`${t("next level at")} <${Moment} at=${moment(alert.escalation.next_level_at)} write=${dayAndClock} />` : t("no further level"))],
        ]} /></section>
      </div>
      <div class="stack">
        <${Told} alert=${alert} />
        <section class="card"><div class="card-head"><h2>${t("Timeline")}</h2><${Copy} text=${markdown(alert)}>${t("Copy as Markdown")}<//></div>
          <ol class="timeline">${alert.timeline.map((each, at) => html`<li key=${at}><${Moment} at=${moment(each.at)} write=${dayAndSeconds} /><span><strong>${happened(each.kind)}</strong>${each.actor ? ` · ${each.actor}` : ""}<br /><${Said} text=${lineOf(alert, each)} as=${String} /></span></li>`)}</ol>
          <form class="beside" onSubmit=${comment}><input aria-label=${t("Note")} placeholder=${t("Write a note…")} value=${note} onInput=${(event) => setNote(event.target.value)} /><${Button} type="submit" needs="alerts:act">${t("Add")}<//></form>
        </section>
      </div>
    </div>`;
}

function Why({ alert }) {
  const found = useResource(async (signal) => {
    try {
      return await api.get(`/services/${alert.service_id}/evidence`, { check_id: alert.check_id }, signal);
    } catch (error) {
      if (error.status === 404) return null;
      throw error;
    }
  }, [alert.check_id]);
  return html`<section class="card"><h2>${t("Why")}</h2><${Loaded} of=${found} rows=${3}>${(seen) => {
    if (!seen) return html`<p class="muted">${t("Nothing was kept of this check beyond: {reason}", { reason: sentence(why(alert)) })}</p>`;
    const good = seen.last_good_check;
    const most = Math.max(seen.check?.response_time_ms ?? 0, good?.response_time_ms ?? 0);
    return html`${seen.check && html`<h3>${t("Failed")} <${Moment} at=${moment(seen.check.checked_at)} write=${dayAndSeconds} /></h3><${Waterfall} check=${seen.check} most=${most} />`}
      ${good ? html`<h3>${t("Last good")} <${Moment} at=${moment(good.checked_at)} write=${dayAndSeconds} /></h3><${Waterfall} check=${good} most=${most} />` : html`<p class="muted">${t("It has never passed.")}</p>`}
      <dl class="difference">${Object.entries(seen.difference).filter(([name]) => !SHOWN.test(name)).map(([name, { before, after }]) => html`<div key=${name}><dt>${labelOf(name)}</dt><dd><span class="before">− <${Said} text=${asText(before)} as=${String} /></span><span class="after">+ <${Said} text=${asText(after)} as=${String} /></span></dd></div>`)}</dl>
      <${Evidence} evidence=${seen.evidence} />`;
  }}<//></section>`;
}

// What the waterfalls and the first sentence say already.
const SHOWN = /_ms$|^(status|error|failure_kind|checked_at|id)$/;

function asText(value) {
  if (value === null || value === undefined) return "–";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function Told({ alert }) {
  const found = useResource((signal) => api.get(`/alerts/${alert.id}/notifications`, {}, signal), [alert.id], { frames: ["notification.sent", "notification.failed"], concerns: (data) => data.alert_id === alert.id });
  const nobody = html`<div class="notice warn"><${Icon} name="warning" /><div><strong>${t("Nobody was told")}</strong><p>${sentence(alert.told_reason ?? t("There was no channel that takes this alert."))} <a href=${link("/channels")}>${t("Channels")}</a></p></div></div>`;
  return html`<section class="card"><div class="card-head"><h2>${t("Who knows")}</h2>${alert.status !== "resolved" && html`<${TellNow} alert=${alert} />`}</div><${Loaded} of=${found} rows=${2} empty=${alert.suppressed_by ? html`<p class="muted">${t("Hidden behind its cause, so nobody was told.")}</p>` : nobody}>${(sent) => html`<ol class="timeline">${[...sent].reverse().map((each) => html`<li key=${each.id}><${Moment} at=${moment(each.sent_at ?? each.created_at)} write=${dayAndSeconds} />
    <span><strong>${each.channel_name ?? each.person_name ?? t("a person")}</strong> · ${about(each.kind)}<br />${outcome(each)}</span></li>`)}</ol>`}<//></section>`;
}

/** Tell a channel or a person now, whatever would hold it back. */
function TellNow({ alert }) {
  const create = useMemo(makeCreate, []);
  const channels = useResource((signal) => api.get("/notification-channels", { is_enabled: true }, signal)).data.value ?? [];
  const members = useResource((signal) => api.all("/members", {}, { signal })).data.value ?? [];
  const people = members.filter((each) => each.status !== "invited");
  const tell = async (name, whom) => {
    try {
      await create(`/alerts/${alert.id}/notify`, whom);
      say(t("{name} is being told.", { name }));
    } catch (error) {
      sayError(error);
    }
  };
  if (!channels.length && !people.length) return null;
  return html`<${Menu} label=${html`<${Icon} name="send" />${t("Tell somebody")}`}>${channels.map((channel) => html`<${Item} key=${channel.id} needs="alerts:act" onClick=${() => tell(channel.name, { channel_id: channel.id })}>${channel.name}<//>`)}${people.map((each) => html`<${Item} key=${each.user_id} icon="person" needs="alerts:act" onClick=${() => tell(each.full_name, { user_id: each.user_id })}>${each.full_name}<//>`)}<//>`;
}

function outcome(each) {
  const last = each.attempts.at(-1);
  if (each.status === "sent") return t("✓ accepted {code} {took}", { code: each.last_status_code ?? "", took: last?.duration_ms ? `${Math.round(last.duration_ms)} ms` : "" });
  if (each.status === "pending") return each.last_error ? t("⚠ {error} Next try {clock}.", { error: sentence(each.last_error), clock: each.next_try_at ? dayAndSeconds(moment(each.next_try_at), zone.value, now.value) : "" }) : t("waiting to be sent");
  if (each.status === "dead") return t("✖ not delivered: {error}", { error: sentence(each.last_error) });
  return each.status === "cancelled" ? t("withdrawn") : t("part of a digest");
}

/** What a line of the timeline says; that of the firing is the message of the alert. */
const lineOf = (alert, { kind, text }) => (kind === "fired" ? messageOf(alert) : text);

/** The story of an alert for a post-mortem. */
function markdown(alert) {
  const local = (text) => withLocalTimes(text, zone.peek(), now.peek());
  const lines = alert.timeline.map((each) => `- ${exact(moment(each.at), zone.peek())} **${happened(each.kind)}** ${each.actor ?? ""} ${local(lineOf(alert, each))}`);
  return `# ${alert.service_name}: ${titled(alert)}\n\n${local(messageOf(alert))}\n\n${lines.join("\n")}\n`;
}
