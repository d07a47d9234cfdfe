// Figures of a list of numbers.

/** The value below which so much of the list lies, 0 to 1; null for an empty list. */
export function quantile(values, share) {
  const sorted = values.filter((value) => value != null).sort((a, b) => a - b);
  return sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] : null;
}
