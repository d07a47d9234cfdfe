// How well a text fits what somebody typed: every letter in order, whole words and beginnings first.

/** A score, higher is better; null where the letters are not there in order. */
export function score(text, typed) {
  const said = text.toLowerCase();
  const wanted = typed.toLowerCase().trim();
  if (!wanted) return 0;
  const whole = said.indexOf(wanted);
  if (whole >= 0) return 1000 - whole - said.length / 100 + (whole === 0 || /\W/.test(said[whole - 1]) ? 500 : 0);
  let from = 0;
  let gaps = 0;
  for (const letter of wanted) {
    if (letter === " ") continue;
    const found = said.indexOf(letter, from);
    if (found < 0) return null;
    gaps += found - from;
    from = found + 1;
  }
  return 200 - gaps - said.length / 100;
}

/** The items that fit, best first, at most so many; `read(item)` gives the text. */
export function ranked(items, typed, read, most) {
  return items
    .map((item) => [score(read(item), typed), item])
    .filter(([points]) => points !== null)
    .sort(([a], [b]) => b - a)
    .slice(0, most)
    .map(([, item]) => item);
}
