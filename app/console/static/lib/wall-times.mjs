// Times as fields of forms hold them: what a clock on the wall of a zone shows, without the zone.

import { format } from "./time.mjs";

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

/** Minutes until a clock in a zone next shows a time of day ("08:00"), at least one. */
export function minutesUntil(time, at, zone) {
  const day = 86_400_000;
  const next = [at, at + day].map((each) => momentOfWallTime(`${wallTime(each, zone).slice(0, 11)}${time}`, zone)).find((each) => each > at);
  return Math.max(1, Math.ceil((next - at) / 60_000));
}
