// Times and durations as people read and write them. Milliseconds since the epoch come in as `at`.

import { t } from "./words.mjs";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;

/** Milliseconds since the epoch of an API time; null for none. */
export function moment(text) {
  return text ? Date.parse(text) : null;
}

/** A duration in words, two units at most: "42 s", "4 min", "1 h 04 min", "3 d 5 h". */
export function span(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 2 * MINUTE) return t("{n} s", { n: whole });
  if (whole < HOUR) return t("{n} min", { n: Math.floor(whole / MINUTE) });
  if (whole < DAY) return two(whole, HOUR, t("h"), MINUTE, t("min"), true);
  return two(whole, DAY, t("d"), HOUR, t("h"), false);
}

function two(seconds, large, largeName, small, smallName, padded) {
  const first = Math.floor(seconds / large);
  const second = Math.floor((seconds % large) / small);
  if (second === 0) return `${first} ${largeName}`;
  return `${first} ${largeName} ${padded ? String(second).padStart(2, "0") : second} ${smallName}`;
}

/** How long ago, or in how long: "just now" or `near`, "3 min ago", "in 2 h". */
export function ago(at, now, near = t("just now")) {
  const seconds = (now - at) / 1000;
  if (Math.abs(seconds) < 5) return near;
  const said = coarse(Math.abs(seconds));
  return seconds > 0 ? t("{span} ago", { span: said }) : t("in {span}", { span: said });
}

function coarse(seconds) {
  if (seconds < 2 * MINUTE) return t("{n} s", { n: Math.round(seconds) });
  if (seconds < 2 * HOUR) return t("{n} min", { n: Math.floor(seconds / MINUTE) });
  if (seconds < 2 * DAY) return t("{n} h", { n: Math.floor(seconds / HOUR) });
  return t("{n} d", { n: Math.floor(seconds / DAY) });
}

const formats = new Map();

/** The format of a zone with the options of Intl.DateTimeFormat, made once. */
export function format(zone, options) {
  const key = zone + JSON.stringify(options);
  if (!formats.has(key)) {
    formats.set(key, new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", ...options }));
  }
  return formats.get(key);
}

/** The time of day, "14:02" or "14:02:11". */
export function clock(at, zone, seconds = false) {
  const options = { hour: "2-digit", minute: "2-digit", ...(seconds && { second: "2-digit" }) };
  return format(zone, options).format(at);
}

/** The day, "Fri 27 Nov", with the year when it is another one. */
export function day(at, zone, now = at) {
  const year = { year: "numeric" };
  const same = format(zone, year).format(at) === format(zone, year).format(now);
  const options = { weekday: "short", day: "numeric", month: "short", ...(!same && year) };
  return format(zone, options).format(at).replace(",", "");
}

/** "14:02" today, "Thu 26 Nov 14:02" on another day. */
export function dayAndClock(at, zone, now, seconds = false) {
  const today = day(at, zone, now) === day(now, zone, now);
  return today ? clock(at, zone, seconds) : `${day(at, zone, now)} ${clock(at, zone, seconds)}`;
}

/** The same to the second, for what follows close upon another. */
export const dayAndSeconds = (at, zone, now) => dayAndClock(at, zone, now, true);

/** The whole moment, "Fri 27 Nov 2026, 14:02:11 CET". */
export function exact(at, zone) {
  const name = format(zone, { timeZoneName: "short" }).formatToParts(at);
  const zoneName = name.find((part) => part.type === "timeZoneName")?.value ?? zone;
  const date = format(zone, { weekday: "short", day: "numeric", month: "short", year: "numeric" });
  return `${date.format(at).replace(",", "")}, ${clock(at, zone, true)} ${zoneName}`;
}

/** The moment for people and for machines, on two lines: what a time says when it is pointed at. */
export function whole(at, zone) {
  return `${exact(at, zone)}\n${new Date(at).toISOString()}`;
}

/** The moment in the middle of a sentence: "14:02:11 CET", with the day when it is another one. */
export function inSentence(at, zone, now) {
  const said = exact(at, zone);
  return day(at, zone, now) === day(now, zone, now) ? said.slice(said.indexOf(", ") + 2) : said;
}

const WRITTEN = /\b(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(Z|UTC|[+-]\d\d:\d\d)(?!\w)/g;

/** A sentence of the server in pieces: texts, and a number for each moment that is written in it. */
export function pieces(text) {
  const found = [];
  let end = 0;
  const said = String(text ?? "");
  for (const match of said.matchAll(WRITTEN)) {
    const at = Date.parse(`${match[1]}T${match[2]}${match[3].replace("UTC", "Z")}`);
    if (Number.isNaN(at)) continue;
    found.push(said.slice(end, match.index), at);
    end = match.index + match[0].length;
  }
  return [...found, said.slice(end)];
}

/** The same sentence as a text, with its moments as the viewer's clock shows them. */
export function withLocalTimes(text, zone, now) {
  return pieces(text).map((piece) => (typeof piece === "number" ? inSentence(piece, zone, now) : piece)).join("");
}
