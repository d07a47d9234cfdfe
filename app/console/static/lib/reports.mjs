// Reports: spans of time, error budgets, and a table as a file.

import { momentOfWallTime, wallTime } from "./wall-times.mjs";
import { t } from "./words.mjs";

const DAY = 86_400_000;

export const RANGES = [["24h", t("24 hours")], ["7d", t("7 days")], ["30d", t("30 days")], ["90d", t("90 days")], ["month", t("this month")], ["last-month", t("last month")]];

/** Whether a range is one of months, which begin and end with days of the organization. */
export const isOfMonths = (name) => name.endsWith("month");

/** From when to when a range goes at `now` (milliseconds); months are those of a time zone. */
export function rangeOf(name, now, zone) {
  const [year, number] = wallTime(now, zone).split("-").map(Number);
  const month = (by) => momentOfWallTime(new Date(Date.UTC(year, number - 1 + by, 1)).toISOString().slice(0, 16), zone);
  if (name === "month") return { from: month(0), to: now };
  if (name === "last-month") return { from: month(-1), to: month(0) };
  const days = { "24h": 1, "7d": 7, "90d": 90 }[name] ?? 30;
  return { from: now - days * DAY, to: now };
}

/** The share of a service's error budget that is used: 1 is all of it; null where nothing is known. */
export function budgetUsed(service, target) {
  if (service.uptime_percentage === null) return null;
  // By seconds, as the API judges: an uptime is rounded, 99.897 % is shown as 99.90.
  const budget = Math.round((100 - target) * service.known_seconds * 10) / 1000;
  return service.downtime_seconds ? service.downtime_seconds / budget : 0;
}

/** A target somebody typed, in percent; null unless it lies above 0 and below 100. */
export function readTarget(text) {
  const target = Number(String(text).replace(",", "."));
  return String(text).trim() && target > 0 && target < 100 ? target : null;
}
