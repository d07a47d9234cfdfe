// What happened to a service beside its response times: outages and maintenance, for its chart.

import { span } from "./time.mjs";
import { sentence, t } from "./words.mjs";

const covers = (planned, service) =>
  (!planned.service_ids.length && !planned.tags.length) ||
  planned.service_ids.includes(service.id) ||
  planned.tags.some((tag) => service.tags.includes(tag));

/** When a window was or is active: of one that repeats, the time that runs now. */
function timesOf(planned) {
  if (planned.recurrence) return planned.is_active ? [planned.next_start_at, planned.next_end_at] : null;
  return [planned.starts_at, planned.ended_at ?? planned.ends_at];
}

/** Marks between two moments (ms), by their beginning: [{kind, from, to, said}], `to` at most the end. */
export function marksOf(service, outages, windows, from, to) {
  const down = outages.map((each) => ({ kind: "outage", from: Date.parse(each.started_at), to: each.ended_at ? Date.parse(each.ended_at) : to, said: sentence(each.reason) || t("Down") }));
  const silent = windows.filter((each) => covers(each, service) && timesOf(each)).map((each) => {
    const [begin, end] = timesOf(each).map((text) => Date.parse(text));
    return { kind: "maintenance", from: begin, to: end, said: each.name };
  });
  return [...down, ...silent]
    .filter((each) => each.from < to && each.to > from)
    .map((each) => ({ ...each, to: Math.min(each.to, to) }))
    .sort((a, b) => a.from - b.from);
}

/** A mark in words, without its time: "Down for 4 min: expected 2xx, got 503." */
export function markWords(mark) {
  const length = span((mark.to - mark.from) / 1000);
  return mark.kind === "outage" ? t("Down for {length}: {said}", { length, said: mark.said }) : t("Maintenance for {length}: {said}", { length, said: mark.said });
}
