// How often something is done, in words.

import { t } from "./words.mjs";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

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
