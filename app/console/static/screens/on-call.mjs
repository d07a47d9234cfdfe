// On-call: who has duty now and next, a calendar of the weeks with their gaps, and who stands in.

import { html, useMemo, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { weeksFrom } from "../lib/calendar.mjs";
import { clock, day, dayAndClock, moment, span } from "../lib/time.mjs";
import { momentOfWallTime, wallTime } from "../lib/wall-times.mjs";
import { listed, t } from "../lib/words.mjs";
import { CalendarFeeds } from "../parts/CalendarFeeds.mjs";
import { Dialog } from "../parts/Dialog.mjs";
import { Field } from "../parts/Field.mjs";
import { Form } from "../parts/Form.mjs";
import { Icon } from "../parts/Icon.mjs";
import { OnCallCalendar } from "../parts/OnCallCalendar.mjs";
import { Button, ButtonLink, Empty, Loaded, Page } from "../parts/Page.mjs";
import { DeleteButton } from "../parts/Plain.mjs";
import { Moment } from "../parts/Status.mjs";
import { useForm } from "../store/form.mjs";
import { kept, useResource } from "../store/resource.mjs";
import { link, route, setQuery } from "../store/route.mjs";
import { session } from "../store/session.mjs";
import { say, sayError } from "../store/toasts.mjs";
import { now, zone } from "../store/view.mjs";

const DAY = 86_400_000;
const WEEKS = 4;
const MOST_SKIPPED = 52;

export default function OnCall() {
  const found = useResource(async (signal) => {
    const [overview, schedules, members] = await Promise.all([api.get("/on-call", { days: 28 }, signal), api.all("/on-call-schedules", {}, { signal }), api.all("/members", {}, { signal })]);
    return schedules.map((each) => ({ ...each, duty: overview.schedules.find((one) => one.schedule_id === each.id), members: members.filter((one) => one.status !== "invited"), own: overview.own_shifts }));
  });
  const add = html`<${ButtonLink} kind="primary" icon="plus" needs="on_call_schedules:write" href=${link("/on-call/new")}>${t("New schedule")}<//>`;
  const empty = html`<${Empty} title=${t("Nobody takes turns yet")} action=${add}>${t("A schedule says who is on call when: people who take turns by week or by day. An escalation policy tells whoever has duty.")}<//>`;
  return html`<${Page} title=${t("On-call")} actions=${html`<${CalendarFeeds} />${add}`}><${Loaded} of=${found} empty=${empty}>${(list) => html`<${Own} shifts=${list[0].own} /><${Span} /><div class="stack">${list.map((each) => html`<${Schedule} key=${each.id} schedule=${each} reload=${found.reload} />`)}</div>`}<//><//>`;
}

function Own({ shifts }) {
  const next = shifts?.[0];
  if (!next) return null;
  const here = moment(next.from) <= now.value;
  return html`<p class="notice"><${Icon} name="on-call" /><span>${here ? t("You are on call until {at} ({name}).", { at: dayAndClock(moment(next.to), zone.value, now.value), name: next.schedule }) : t("Your next shift: {from} to {to} ({name}).", { from: dayAndClock(moment(next.from), zone.value, now.value), to: dayAndClock(moment(next.to), zone.value, now.value), name: next.schedule })}</span></p>`;
}

/** Weeks that the address skips, and whether it asks for a list. */
function asked() {
  const skip = Math.round(Number(route.value.query.get("weeks")) || 0);
  return { skip: Math.max(-MOST_SKIPPED, Math.min(MOST_SKIPPED, skip)), list: route.value.query.get("view") === "list" };
}

/** Which weeks are shown, and how. */
function Span() {
  const { skip, list } = asked();
  const weeks = weeksFrom(now.value, zone.value, WEEKS, skip);
  const to = (weeks_) => setQuery({ weeks: weeks_ || null }, { replace: false });
  return html`<div class="toolbar"><div class="segmented" role="group" aria-label=${t("Weeks")}>
      <${Button} icon="back" aria-label=${t("Four weeks earlier")} onClick=${() => to(skip - WEEKS)} /><${Button} onClick=${() => to(0)} aria-pressed=${skip === 0 ? "true" : null}>${t("This week")}<//><${Button} icon="forward" aria-label=${t("Four weeks later")} onClick=${() => to(skip + WEEKS)} /></div>
    <span class="muted">${day(weeks[0][0], zone.value, now.value)} – ${day(weeks.at(-1)[6], zone.value, now.value)}</span><span class="spread"></span>
    <div class="segmented" role="group" aria-label=${t("Show as")}><${Button} aria-pressed=${list ? null : "true"} onClick=${() => setQuery({ view: null })}>${t("Calendar")}<//><${Button} aria-pressed=${list ? "true" : null} onClick=${() => setQuery({ view: "list" })}>${t("List")}<//></div></div>`;
}

function Schedule({ schedule, reload }) {
  const [standing, setStanding] = useState(null);
  const { duty } = schedule;
  const { skip, list } = asked();
  const people = duty?.on_call ?? [];
  const weeks = useMemo(() => weeksFrom(now.peek(), zone.value, WEEKS, skip), [schedule, skip, zone.value]);
  const timeline = useResource(async (signal) => {
    const path = `/on-call-schedules/${schedule.id}`;
    const range = { from: new Date(weeks[0][0]).toISOString(), to: new Date(weeks.at(-1).at(-1)).toISOString() };
    const [found, overrides] = await Promise.all([api.get(`${path}/timeline`, range, signal), api.get(`${path}/overrides`, { limit: 50 }, signal)]);
    return { ...found, overrides };
  }, [schedule.id, weeks]);
  return html`<article class="card" aria-label=${schedule.name}>
    <div class="card-head"><h2>${schedule.name} <span class="muted small">${schedule.timezone}</span></h2>
      <div class="actions"><${Button} needs="on_call_schedules:write" onClick=${() => setStanding({})}>${t("New override")}<//>
        <${ButtonLink} icon="edit" needs="on_call_schedules:write" href=${link(`/on-call/${schedule.id}`)}>${t("Edit")}<//>
        <${DeleteButton} name=${schedule.name} needs="on_call_schedules:write" path=${`/on-call-schedules/${schedule.id}`} id=${schedule.id} hasUsers /></div></div>
    <p class="duty"><strong class=${people.length ? "" : "down"}>${people.length ? listed(people.map((each) => each.full_name)) : t("Nobody is on call now")}</strong>
      ${duty?.until && html` <span class="muted">${t("until")} <${Moment} at=${moment(duty.until)} write=${dayAndClock} /></span>`}
      ${duty?.next && html` <span class="muted">· ${t("then {who}", { who: listed(duty.next.on_call.map((each) => each.full_name)) || t("nobody") })}</span>`}</p>
    <${Loaded} of=${timeline} rows=${3}>${(found) => html`<${Gaps} gaps=${found.gaps} />
      ${list ? html`<${Shifts} segments=${found.segments} onStandIn=${setStanding} />` : html`<${OnCallCalendar} weeks=${weeks} segments=${found.segments} onPick=${setStanding} />`}
      <${Overrides} schedule=${schedule} list=${found.overrides} reload=${reload} />`}<//>
    ${standing && html`<${StandIn} schedule=${schedule} segment=${standing} onClose=${() => setStanding(null)} reload=${reload} />`}
  </article>`;
}

/** What of the coming gaps falls into the weeks that are shown. */
function Gaps({ gaps }) {
  const coming = gaps.map((gap) => [Math.max(moment(gap.from), now.peek()), moment(gap.to)]).filter(([from, to]) => to > from);
  if (!coming.length) return null;
  const said = coming.slice(0, 3).map(([from, to]) => t("from {from} for {span}", { from: dayAndClock(from, zone.value, now.value), span: span((to - from) / 1000) }));
  const more = coming.length > said.length ? [t("{n} more times", { n: coming.length - said.length })] : [];
  return html`<p class="slow"><${Icon} name="warning" /> ${t("Nobody is on call {when}.", { when: listed([...said, ...more]) })}</p>`;
}

/** The weeks as a list of shifts that are not over; gaps say so. */
function Shifts({ segments, onStandIn }) {
  const shifts = segments.filter((each) => moment(each.to) > now.peek() && moment(each.to) - moment(each.from) > 60_000);
  if (!shifts.length) return html`<p class="muted">${t("These weeks are over. The calendar shows who had duty.")}</p>`;
  return html`<ol class="shifts">${shifts.map((each) => html`<li key=${each.from} class=${each.on_call.length ? "" : "gap"}>
      <span class="muted">${day(moment(each.from), zone.value)} ${clock(moment(each.from), zone.value)} – ${day(moment(each.to), zone.value)} ${clock(moment(each.to), zone.value)}</span>
      <span>${each.on_call.length ? each.on_call.map((person, at) => html`<span key=${person.user_id} class=${person.user_id === session.value?.user_id ? "me" : ""}>${at ? ", " : ""}${person.full_name}${person.is_override ? html` <span class="chip">${t("override")}</span>` : ""}</span>`) : t("nobody")}</span>
      <${Button} kind="quiet" needs="on_call_schedules:write" onClick=${() => onStandIn(each)}>${t("Override")}<//></li>`)}</ol>`;
}

/** Overrides that are not over, each with a way to take it back. */
function Overrides({ schedule, list, reload }) {
  const coming = kept(list).filter((each) => moment(each.to) > now.value).reverse();
  const at = (text) => dayAndClock(moment(text), zone.value, now.value);
  if (!coming.length) return null;
  return html`<h3>${t("Overrides")}</h3><ul class="lines">${coming.map((each) => html`<li key=${each.id}><span>${each.full_name} <span class="muted">${at(each.from)} – ${at(each.to)}</span></span>
    <${DeleteButton} name=${t("the override of {name}", { name: each.full_name })} needs="on_call_schedules:write" path=${`/on-call-schedules/${schedule.id}/overrides/${each.id}`} id=${each.id} said=${t("The override of {name} is deleted: whoever has the turn will be on call again.", { name: each.full_name })} onSent=${reload} /></li>`)}</ul>`;
}

function StandIn({ schedule, segment, onClose, reload }) {
  const place = zone.peek(); // the form keeps the zone that it began in
  const start = segment.from ? Math.max(moment(segment.from), now.peek()) : now.peek();
  const form = useForm({
    initial: { user_id: session.value.user_id, from: wallTime(start, place), to: wallTime(segment.to ? moment(segment.to) : start + DAY / 2, place) },
    check: ({ from, to }) => ({ from: from ? null : t("Say from when."), to: !to ? t("Say until when.") : to <= from ? t("The end is after the beginning.") : null }),
    save: ({ user_id, from, to }, create) => create(`/on-call-schedules/${schedule.id}/overrides`, { user_id, from: new Date(momentOfWallTime(from, place)).toISOString(), to: new Date(momentOfWallTime(to, place)).toISOString() }),
  });
  const saved = (made) => {
    onClose();
    reload();
    const undo = () => api.remove(`/on-call-schedules/${schedule.id}/overrides/${made.id}`).then(reload, sayError);
    say(t("{name} is on call then.", { name: made.full_name }), { label: t("Undo"), run: undo });
  };
  return html`<${Dialog} title=${t("New override")} onClose=${onClose}><${Form} form=${form} verb=${t("Save")} onSaved=${saved} onCancel=${onClose}>
    <${Field} form=${form} path="user_id" label=${t("Who")} kind="select" options=${schedule.members.map((each) => [each.user_id, each.full_name])} />
    <div class="pair"><${Field} form=${form} path="from" label=${t("From")} type="datetime-local" /><${Field} form=${form} path="to" label=${t("To")} type="datetime-local" /></div>
    <p class="muted small">${t("Both in {zone}.", { zone: place })}</p>
  <//><//>`;
}

