// Weeks of a calendar, and where spans of time lie in them. Days are those of a time zone, so one has
// 23 or 25 hours where the clocks change. Milliseconds since the epoch go in and come out.

import { momentOfWallTime, wallTime } from "./wall-times.mjs";

const HOUR = 3_600_000;
const DAYS = 7;

const dateOf = (at, zone) => new Date(`${wallTime(at, zone).slice(0, 10)}T00:00Z`);

/** Beginning of the day of `at`, some days later. */
export function dayStart(at, zone, days = 0) {
  const date = dateOf(at, zone);
  date.setUTCDate(date.getUTCDate() + days);
  return momentOfWallTime(`${date.toISOString().slice(0, 10)}T00:00`, zone);
}

/** Weeks from Monday on, each the beginnings of its seven days and its end; `skip` weeks after that of `at`. */
export function weeksFrom(at, zone, count, skip = 0) {
  const weekday = (dateOf(at, zone).getUTCDay() + 6) % DAYS;
  const edges = (week) => Array.from({ length: DAYS + 1 }, (_, n) => dayStart(at, zone, (skip + week) * DAYS + n - weekday));
  return Array.from({ length: count }, (_, week) => edges(week));
}

/** Where a span lies in a week, in percent of its width: {left, width}; null outside of it. */
export function placeIn(week, from, to) {
  if (to <= week[0] || from >= week[DAYS]) return null;
  const left = share(week, Math.max(from, week[0]));
  return { left, width: share(week, Math.min(to, week[DAYS])) - left };
}

function share(week, at) {
  if (at >= week[DAYS]) return 100;
  const day = week.findLastIndex((edge) => edge <= at);
  return ((day + (at - week[day]) / (week[day + 1] - week[day])) / DAYS) * 100;
}

/** The moment at a share (0 to 1) of a week's width, at a whole number of hours of its day. */
export function momentIn(week, part, hours) {
  const days = Math.max(0, Math.min(1, part)) * DAYS;
  const day = Math.min(DAYS - 1, Math.floor(days));
  const step = hours * HOUR;
  return Math.min(week[day + 1], week[day] + Math.round(((days - day) * (week[day + 1] - week[day])) / step) * step);
}
