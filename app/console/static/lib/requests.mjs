// What somebody asks for in the palette beyond a name: "pause checkout", "maintenance for tag eu for 30 min".

import { parseDuration } from "./forms.mjs";
import { t } from "./words.mjs";

/** What can be done with a service, by the word that asks for it. */
export const VERBS = { pause: t("pause"), resume: t("resume"), check: t("check") };

/** {verb, rest} of "pause checkout"; null for other texts. */
export function verbOf(text) {
  const [first, ...rest] = text.trim().toLowerCase().split(/\s+/);
  const verb = Object.keys(VERBS).find((each) => VERBS[each] === first);
  return verb ? { verb, rest: rest.join(" ") } : null;
}

/** {tag, minutes} of "maintenance for tag eu for 30 min"; null for other texts. */
export function maintenanceOf(text) {
  const [, tag, span] = /^maintenance\s+for\s+(?:tag\s+)?(\S+)\s+for\s+(.+)$/i.exec(text.trim()) ?? [];
  const seconds = span ? parseDuration(span) : null;
  return seconds >= 60 ? { tag, minutes: Math.round(seconds / 60) } : null;
}
