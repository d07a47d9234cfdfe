// Calendar of a schedule: weeks with a bar for each shift. A span is chosen by pressing a shift, by
// dragging over a week, or by keys over its days; whoever may write is then asked who stands in.

import { html, useRef, useState } from "../vendor/ui.mjs";
import { momentIn, placeIn } from "../lib/calendar.mjs";
import { clock, day, moment } from "../lib/time.mjs";
import { listed, t } from "../lib/words.mjs";
import { may, session } from "../store/session.mjs";
import { now, zone } from "../store/view.mjs";

const TINTS = 6;
const LEAST_DRAG_PX = 6;
// The shortest step of a drag that a pointer can hit, for the width of a day in pixels.
const stepFor = (width) => [1, 2, 3, 6, 12].find((hours) => (width / 24) * hours >= 5) ?? 24;
const spoken = (from, to) => `${day(from, zone.value, now.value)} ${clock(from, zone.value)} – ${day(to, zone.value, now.value)} ${clock(to, zone.value)}`;

/** `weeks` of lib/calendar; `segments` of a timeline; `onPick({from, to})` (ISO) hears of a choice. */
export function OnCallCalendar({ weeks, segments, onPick }) {
  const box = useRef(null);
  const [chosen, choose] = useState(null); // {from, to}, while it is being chosen
  const [anchor, setAnchor] = useState(null);
  const mayWrite = may("on_call_schedules:write");
  const people = [...new Set(segments.flatMap((each) => each.on_call.map((person) => person.user_id)))].sort();
  const pick = (from, to) => {
    choose(null);
    if (to > now.peek() && to > from) onPick({ from: new Date(from).toISOString(), to: new Date(to).toISOString() });
  };
  const days = weeks.flatMap((week) => week.slice(0, -1).map((from, at) => ({ from, to: week[at + 1] })));
  const today = days.findIndex((each) => each.to > now.value);
  const keys = (event, at) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 7, ArrowUp: -7 }[event.key];
    if (event.key === "Escape" && chosen) choose(null);
    else if (step === undefined) return;
    else {
      const next = Math.max(0, Math.min(days.length - 1, at + step));
      const start = event.shiftKey ? (anchor ?? at) : null;
      setAnchor(start);
      choose(start === null ? null : spanOf(days[start], days[next]));
      box.current.querySelectorAll(".day")[next]?.focus();
    }
    event.preventDefault();
  };
  const ask = (at) => pick(...(chosen && anchor !== null ? [chosen.from, chosen.to] : [days[at].from, days[at].to]));
  return html`<div class="calendar" ref=${box}>
    ${mayWrite && html`<p class="muted small only-wide">${t("Press a shift or a day, or drag over a week, to let somebody stand in. Keys: arrows move between days, Shift and arrows choose several, Enter takes them.")}</p>`}
    ${weeks.map((week, row) => html`<div key=${week[0]} class="week" role="group" aria-label=${t("Week of {day}", { day: day(week[0], zone.value, now.value) })}>
      <div class="days">${week.slice(0, -1).map((from, column) => {
        const at = row * 7 + column;
        const class_ = `day${at === today ? " today" : ""}${week[column + 1] <= now.value ? " past" : ""}`;
        const [weekday, ...date] = day(from, zone.value, from).split(" ");
        const text = html`<span>${weekday}</span> ${column && !date[0].startsWith("1 ") && date[0] !== "1" ? date[0] : date.join(" ")}`;
        if (!mayWrite) return html`<span key=${from} class=${class_}>${text}</span>`;
        return html`<button key=${from} type="button" class=${class_} tabindex=${at === Math.max(0, today) ? 0 : -1} aria-label=${t("{day}: stand in", { day: day(from, zone.value, now.value) })} aria-pressed=${chosen && chosen.from <= from && from < chosen.to ? "true" : null} onKeyDown=${(event) => keys(event, at)} onClick=${() => ask(at)}>${text}</button>`;
      })}</div>
      <${Lane} week=${week} segments=${segments} people=${people} chosen=${chosen} choose=${mayWrite ? choose : null} pick=${pick} />
    </div>`)}
  </div>`;
}

const spanOf = (a, b) => ({ from: Math.min(a.from, b.from), to: Math.max(a.to, b.to) });

/** The shifts of a week side by side; dragging over them chooses a span of it. */
function Lane({ week, segments, people, chosen, choose, pick }) {
  const drag = useRef(null);
  const at = (event) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    return momentIn(week, (event.clientX - left) / width, stepFor(width / 7));
  };
  const down = (event) => choose && event.button === 0 && (drag.current = { x: event.clientX, start: at(event), moved: false });
  const move = (event) => {
    const held = drag.current;
    if (!held || (!held.moved && Math.abs(event.clientX - held.x) < LEAST_DRAG_PX)) return;
    if (!held.moved) event.currentTarget.setPointerCapture(event.pointerId);
    held.moved = true;
    const here = at(event);
    held.span = { from: Math.min(held.start, here), to: Math.max(held.start, here) };
    choose(held.span);
  };
  const up = () => {
    const held = drag.current;
    if (held?.moved) pick(held.span.from, held.span.to);
    // The press that ended a drag is not one on the shift below it; it comes after this event.
    setTimeout(() => (drag.current = null));
  };
  const cancel = () => {
    drag.current = null;
    choose?.(null);
  };
  const shown = chosen && placeIn(week, chosen.from, chosen.to);
  return html`<div class="lane" onPointerDown=${down} onPointerMove=${move} onPointerUp=${up} onPointerCancel=${cancel}>
    ${segments.map((each) => html`<${Shift} key=${each.from} week=${week} segment=${each} people=${people} press=${choose && (() => drag.current?.moved || pick(moment(each.from), moment(each.to)))} />`)}
    ${placeIn(week, now.value, now.value + 1) && html`<i class="now" style=${{ left: `${placeIn(week, now.value, now.value + 1).left}%` }} />`}
    ${shown && html`<i class="chosen" style=${{ left: `${shown.left}%`, width: `${shown.width}%` }} />`}
  </div>`;
}

function Shift({ week, segment, people, press }) {
  const [from, to] = [moment(segment.from), moment(segment.to)];
  const place = placeIn(week, from, to);
  if (!place || place.width < 0.1) return null;
  const names = segment.on_call.map((person) => person.full_name);
  const who = listed(names) || t("nobody");
  const stands = segment.on_call.some((person) => person.is_override);
  const mine = segment.on_call.some((person) => person.user_id === session.value?.user_id);
  const tint = names.length ? `who-${people.indexOf(segment.on_call[0].user_id) % TINTS}` : "nobody";
  const classes = `shift ${tint}${stands ? " override" : ""}${mine ? " me" : ""}${to <= now.value ? " past" : ""}${from < week[0] ? " goes-on" : ""}`;
  const said = `${who}, ${spoken(from, to)}${stands ? `, ${t("override")}` : ""}`;
  const style = { left: `${place.left}%`, width: `${place.width}%` };
  const text = html`<span>${place.width < 29 && names.length === 1 ? who.split(/\s+/)[0] : who}</span>`;
  if (!press || to <= now.value) return html`<span class=${classes} style=${style} title=${said}>${text}</span>`;
  return html`<button type="button" class=${classes} style=${style} title=${said} aria-label=${said} onClick=${press}>${text}</button>`;
}
