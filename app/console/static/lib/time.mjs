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

/** How long ago, or in how long: "just now", "3 min ago", "in 2 h". */
export function ago(at, now) {
  const seconds = (now - at) / 1000;
  if (Math.abs(seconds) < 5) return t("just now");
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

function format(zone, options) {
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
export function dayAndClock(at, zone, now) {
  const today = day(at, zone, now) === day(now, zone, now);
  return today ? clock(at, zone) : `${day(at, zone, now)} ${clock(at, zone)}`;
}

/** The whole moment, "Fri 27 Nov 2026, 14:02:11 CET". */
export function exact(at, zone) {
  const name = format(zone, { timeZoneName: "short" }).formatToParts(at);
  const zoneName = name.find((part) => part.type === "timeZoneName")?.value ?? zone;
  const date = format(zone, { weekday: "short", day: "numeric", month: "short", year: "numeric" });
  return `${date.format(at).replace(",", "")}, ${clock(at, zone, true)} ${zoneName}`;
}

/** A moment as a field of date and time shows it in a zone: "2026-11-27T14:02". */
export function wallTime(at, zone) {
  const options = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" };
  const part = Object.fromEntries(format(zone, options).formatToParts(at).map(({ type, value }) => [type, value]));
  return `${part.year.padStart(4, "0")}-${part.month}-${part.day}T${part.hour}:${part.minute}`;
}

/**
 * Milliseconds since the epoch of such a text in a zone; NaN for none. A time that a change to
 * summer time leaves out is read as one hour later, one that comes twice as the first.
 */
export function momentOfWallTime(text, zone) {
  const asUtc = Date.parse(`${text}Z`);
  const offset = (at) => Date.parse(`${wallTime(at, zone)}Z`) - Math.floor(at / 60_000) * 60_000;
  if (Number.isNaN(asUtc)) return asUtc;
  const candidates = [asUtc - offset(asUtc - 86_400_000), asUtc - offset(asUtc + 86_400_000)].sort((a, b) => a - b);
  return candidates.find((at) => wallTime(at, zone) === text) ?? asUtc - offset(asUtc - 86_400_000);
}

/** The API's time of such a text in a zone; the text itself where it is no time, for the API to judge. */
export function isoOfWallTime(text, zone) {
  const at = momentOfWallTime(text, zone);
  return Number.isNaN(at) ? text : new Date(at).toISOString();
}

const UNITS = { s: 1, sec: 1, m: MINUTE, min: MINUTE, h: HOUR, d: DAY };

/** Seconds of "90", "90s", "5m", "1h30", "2 d"; null for anything else. A bare number is seconds. */
export function parseDuration(text) {
  const said = String(text).trim().toLowerCase();
  if (/^\d+$/.test(said)) return Number(said);
  const parts = [...said.matchAll(/(\d+(?:\.\d+)?)\s*(sec|min|[smhd])?\s*/g)];
  if (!parts.length || parts.map((part) => part[0]).join("") !== said) return null;
  let total = 0;
  let last = null;
  for (const [, number, name] of parts) {
    const unit = name ? UNITS[name] : { [DAY]: HOUR, [HOUR]: MINUTE, [MINUTE]: 1 }[last];
    if (!unit) return null;
    total += Number(number) * unit;
    last = unit;
  }
  return Math.round(total);
}

/** Seconds as people type them: "90s", "5m", "1h 30m". */
export function durationText(seconds) {
  if (seconds == null || seconds === "") return "";
  let rest = seconds;
  const parts = [];
  for (const [name, unit] of [["d", DAY], ["h", HOUR], ["m", MINUTE], ["s", 1]]) {
    const n = Math.floor(rest / unit);
    if (n) parts.push(`${n}${name}`);
    rest -= n * unit;
  }
  return parts.join(" ") || "0s";
}

/** A duration in long words for a sentence: "every minute", "every 5 minutes". */
export function every(seconds) {
  for (const [unit, one, many] of [
    [DAY, t("every day"), t("every {n} days")],
    [HOUR, t("every hour"), t("every {n} hours")],
    [MINUTE, t("every minute"), t("every {n} minutes")],
  ]) {
    if (seconds >= unit && seconds % unit === 0) {
      return seconds === unit ? one : many.replace("{n}", seconds / unit);
    }
  }
  return t("every {n} seconds", { n: seconds });
}
