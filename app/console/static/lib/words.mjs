// Texts for people, and figures as they read them. The English sentence is its own key; another language is one table of
// sentences, given to `speak` before the first screen is drawn.

let table = {};

/** Use another language: {English sentence: sentence}. */
export function speak(sentences) {
  table = sentences;
}

/** A text, with {names} replaced by values. */
export function t(text, values) {
  const said = table[text] ?? text;
  return values ? said.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole) : said;
}

/** A text that counts: {n} is the count, written with separators. */
export function tn(count, one, many, values) {
  return t(count === 1 ? one : many, { n: count.toLocaleString("en"), ...values });
}

/** "a, b and c" of some texts. */
export function listed(texts) {
  if (texts.length < 2) return texts.join("");
  return t("{many} and {last}", { many: texts.slice(0, -1).join(", "), last: texts.at(-1) });
}

/** The text with its first letter large, as the API's sentences need it on a page. */
export function sentence(text) {
  const said = String(text ?? "").trim();
  return said && said[0].toUpperCase() + said.slice(1) + (/[.!?…]$/.test(said) ? "" : ".");
}

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
