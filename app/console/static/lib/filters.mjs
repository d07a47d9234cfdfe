// The filter language of lists: words and `key:value`, `-` negates, `,` separates choices.
// The same text stands in the field; in the URL it is spread over parameters, so that a link reads
// `?q=checkout&tag=eu&-tag=dev&status=down,slow`.

const KEYS = { tag: "tag", status: "status", type: "type", env: "env", severity: "severity" };

/** Terms of a filter text: [{key, values, negated}], key "q" for plain words. */
export function parseFilter(text) {
  const terms = [];
  for (const [, minus, key, quoted, bare] of text.matchAll(/(-?)(?:(\w+):)?(?:"([^"]*)"|([^\s"]+))/g)) {
    const value = quoted ?? bare;
    if (!value) continue;
    const known = key && KEYS[key.toLowerCase()];
    if (key && !known) terms.push({ key: "q", values: [`${key}:${value}`], negated: minus === "-" });
    else if (known) {
      const values = quoted === undefined ? value.split(",").filter(Boolean) : [value];
      terms.push({ key: known, values, negated: minus === "-" });
    } else terms.push({ key: "q", values: [value], negated: minus === "-" });
  }
  return terms;
}

/** The text of some terms. */
export function writeFilter(terms) {
  return terms
    .map(({ key, values, negated }) => {
      const joined = values.join(",");
      const written = values.some((value) => /[\s",]/.test(value)) ? `"${joined}"` : joined;
      return `${negated ? "-" : ""}${key === "q" ? "" : `${key}:`}${written}`;
    })
    .join(" ");
}

/** URL parameters of a filter text, as [name, value] pairs. */
export function toQuery(text) {
  const terms = parseFilter(text);
  const words = writeFilter(terms.filter((term) => term.key === "q"));
  const pairs = words ? [["q", words]] : [];
  for (const { key, values, negated } of terms) {
    if (key !== "q") pairs.push([`${negated ? "-" : ""}${key}`, values.join(",")]);
  }
  return pairs;
}

/** The filter text that URL parameters stand for. */
export function fromQuery(query) {
  const parts = query.get("q") ? [query.get("q")] : [];
  for (const [name, value] of query) {
    const key = name.replace(/^-/, "");
    if (!KEYS[key] || !value) continue;
    const written = /[\s"]/.test(value) ? `"${value}"` : value;
    parts.push(`${name.startsWith("-") ? "-" : ""}${key}:${written}`);
  }
  return parts.join(" ");
}

/** The text with one choice put in, taken out, or turned round. */
export function toggleTerm(text, key, value) {
  const terms = parseFilter(text);
  const at = terms.findIndex((term) => term.key === key && !term.negated);
  if (at < 0) return writeFilter([...terms, { key, values: [value], negated: false }]);
  const values = terms[at].values.includes(value)
    ? terms[at].values.filter((each) => each !== value)
    : [...terms[at].values, value];
  const rest = values.length ? [{ ...terms[at], values }] : [];
  return writeFilter([...terms.slice(0, at), ...rest, ...terms.slice(at + 1)]);
}

/** Whether a text has this choice. */
export function hasTerm(text, key, value) {
  return parseFilter(text).some((term) => term.key === key && !term.negated && term.values.includes(value));
}

/** A predicate for a filter text; `read(item)` gives {q: text, tag: [], status: [], …}. */
export function matcher(text, read) {
  const terms = parseFilter(text).map((term) => ({
    ...term,
    values: term.values.map((value) => value.toLowerCase()),
  }));
  if (!terms.length) return () => true;
  return (item) => {
    const facts = read(item);
    return terms.every(({ key, values, negated }) => {
      const found =
        key === "q"
          ? values.some((value) => facts.q.includes(value))
          : values.some((value) => (facts[key] ?? []).includes(value));
      return found !== negated;
    });
  };
}
