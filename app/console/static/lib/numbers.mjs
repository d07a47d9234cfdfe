// Figures as people read them.

import { t } from "./words.mjs";

/** A response time: "0.4 ms", "42 ms", "1,240 ms"; "–" for none. */
export function milliseconds(value) {
  if (value == null) return "–";
  return t("{n} ms", { n: value < 10 ? Number(value.toFixed(1)) : grouped(Math.round(value)) });
}

/** An uptime: "100 %", "99.98 %", never rounded up to 100; "–" for none. */
export function percent(value) {
  if (value == null) return "–";
  if (value >= 100) return t("{n} %", { n: 100 });
  return t("{n} %", { n: (Math.floor(Number((value * 100).toFixed(6))) / 100).toFixed(2) });
}

/** A whole number with separators. */
export function grouped(value) {
  return value.toLocaleString("en");
}

/** The value below which so much of the list lies, 0 to 1; null for an empty list. */
export function quantile(values, share) {
  const sorted = values.filter((value) => value != null).sort((a, b) => a - b);
  return sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] : null;
}
