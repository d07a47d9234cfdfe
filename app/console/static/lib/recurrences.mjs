// Rules of recurrence (RFC 5545, RRULE): the weekly ones that the form shows, and common ones in words.

import { listed, t } from "./words.mjs";

export const DAYS = [["MO", t("Mon")], ["TU", t("Tue")], ["WE", t("Wed")], ["TH", t("Thu")], ["FR", t("Fri")], ["SA", t("Sat")], ["SU", t("Sun")]];
const pad = (n) => String(n).padStart(2, "0");
const partsOf = (rule) => Object.fromEntries((rule ?? "").split(";").map((part) => part.split("=")));
const clockOf = (parts) => `${pad(parts.BYHOUR ?? 0)}:${pad(parts.BYMINUTE ?? 0)}`;

/** The parts of a rule that the form can show; null when it says more than that. */
export function readRule(rule) {
  const parts = partsOf(rule);
  const known = ["FREQ", "BYDAY", "BYHOUR", "BYMINUTE"];
  if (parts.FREQ !== "WEEKLY" || Object.keys(parts).some((name) => !known.includes(name))) return null;
  return { days: (parts.BYDAY ?? "").split(",").filter(Boolean), at: clockOf(parts) };
}

/** "every Mon and Thu at 02:00" of a plain rule; null for any other. */
export function recurrenceWords(rule) {
  const { FREQ, BYDAY, BYMONTHDAY, BYHOUR, BYMINUTE, ...more } = partsOf(rule);
  if (Object.keys(more).length || ![BYHOUR ?? "0", BYMINUTE ?? "0"].every((each) => /^\d+$/.test(each))) return null;
  const at = clockOf({ BYHOUR, BYMINUTE });
  const days = (BYDAY ?? "").split(",").map((each) => DAYS.find(([code]) => code === each)?.[1]);
  if (FREQ === "DAILY" && !BYDAY && !BYMONTHDAY) return t("every day at {at}", { at });
  if (FREQ === "WEEKLY" && !BYMONTHDAY && days.every(Boolean)) return t("every {days} at {at}", { days: listed(days), at });
  if (FREQ === "MONTHLY" && !BYDAY && /^\d+$/.test(BYMONTHDAY ?? "")) return t("on day {n} of every month at {at}", { n: BYMONTHDAY, at });
  return null;
}
