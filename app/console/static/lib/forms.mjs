// Values of forms, addressed by paths like "config.headers"; errors of the API by the same paths.

import { sentence } from "./words.mjs";

export const MASK = "********";

/** The value at a path; undefined where there is none. */
export function at(values, path) {
  return path.split(".").reduce((found, name) => found?.[name], values);
}

/** The values with another one at a path; undefined takes it out. */
export function withAt(values, path, value) {
  const [name, ...rest] = path.split(".");
  if (rest.length && value === undefined && values?.[name] == null) return values; // nothing to take it out of
  const inner = rest.length ? withAt(values?.[name] ?? {}, rest.join("."), value) : value;
  const copy = Array.isArray(values) ? [...values] : { ...values };
  if (inner === undefined) delete copy[name];
  else copy[name] = inner;
  return copy;
}

/** {path: sentence} of the API's `fields`, however deep they are. */
export function flatErrors(fields, prefix = "") {
  const found = {};
  for (const [name, value] of Object.entries(fields ?? {})) {
    const path = prefix + name;
    if (Array.isArray(value)) found[path] = value.map(sentence).join(" ");
    else if (typeof value === "string") found[path] = sentence(value);
    else Object.assign(found, flatErrors(value, `${path}.`));
  }
  return found;
}

/** The error at a path, or of something below it. */
export function errorAt(errors, path) {
  if (errors[path]) return errors[path];
  const below = Object.keys(errors).find((each) => each.startsWith(`${path}.`));
  return below ? errors[below] : null;
}

/** Values without secrets, for keeping a form in this tab. `names` are paths. */
export function withoutSecrets(values, names) {
  return names.reduce((rest, path) => withAt(rest, path, undefined), values);
}

/** Paths of what a JSON schema marks as secret. */
export function secretPaths(schema, prefix = "") {
  return Object.entries(schema?.properties ?? {}).flatMap(([name, each]) => {
    const path = prefix + name;
    if (each["x-secret"]) return [path];
    if (each.type === "object") return secretPaths(each, `${path}.`);
    return each.items?.properties && secretPaths(each.items).length ? [path] : [];
  });
}

/** Which control shows a property of a JSON schema. */
export function controlOf(schema) {
  if (schema["x-secret"] === true) return "secret";
  if (schema.enum) return "select";
  switch (schema.type) {
    case "boolean": return "switch";
    case "integer":
    case "number": return "number";
    case "array": return schema.items?.properties ? "items" : "list";
    case "object": return schema.properties ? "group" : "map";
    case "string": return (schema.maxLength ?? 0) > 2048 ? "textarea" : "text";
    default: return "value";
  }
}

/** The form of a secret (`x-generate` of a schema) that libraries of Standard Webhooks take. */
export const WEBHOOK_SECRET = "whsec";

/** A new key of that form: `whsec_` and the base64 of 32 random bytes. */
export function webhookSecret() {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return `whsec_${btoa(String.fromCharCode(...bytes))}`;
}

/** A label of a property's name: "body_not_contains" is "Body not contains". */
export function labelOf(name) {
  const words = name.replaceAll("_", " ").replace(/\b(tls|url|ssl|json|id|sid|api|http)\b/g, (word) => word.toUpperCase());
  return words[0].toUpperCase() + words.slice(1);
}

/** What somebody typed where JSON of any kind may stand: a number, a list, an object, else text. */
export function readValue(text) {
  if (!/^\s*([[{"\d-]|true\b|false\b|null\b)/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A value of any kind as somebody would type it. */
export function writeValue(value) {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
const UNITS = { s: 1, sec: 1, m: MINUTE, min: MINUTE, h: HOUR, d: DAY };

/** Seconds of "90", "90s", "5m", "1h30", "2 d"; null for anything else. A bare number is seconds. */
export function parseDuration(text) {
  const said = String(text).trim().toLowerCase();
  if (/^\d+$/.test(said)) return Number(said);
  const parts = [...said.matchAll(/(\d+(?:\.\d+)?)\s*(sec|min|[smhd])?\s*/g)];
  if (!parts.length || parts.map((part) => part[0]).join("") !== said) return null;
  let total = 0;
  let last = null;
  for (const [, number, name] of parts) {
    const unit = name ? UNITS[name] : { [DAY]: HOUR, [HOUR]: MINUTE, [MINUTE]: 1 }[last];
    if (!unit) return null;
    total += Number(number) * unit;
    last = unit;
  }
  return Math.round(total);
}

/** Seconds as people type them: "90s", "5m", "1h 30m". */
export function durationText(seconds) {
  if (seconds == null || seconds === "") return "";
  let rest = seconds;
  const parts = [];
  for (const [name, unit] of [["d", DAY], ["h", HOUR], ["m", MINUTE], ["s", 1]]) {
    const n = Math.floor(rest / unit);
    if (n) parts.push(`${n}${name}`);
    rest -= n * unit;
  }
  return parts.join(" ") || "0s";
}

/** Whether nothing was written: no text, no line, no name. */
export function isLeftEmpty(value) {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.every(isLeftEmpty);
  return typeof value === "string" ? !value.trim() : typeof value === "object" && !Object.keys(value).length;
}

/** A config without what was left empty, also within its lists. */
export function withoutEmpty(config) {
  const given = Object.entries(config).filter(([, value]) => value !== "" && value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [name, Array.isArray(value) ? value.filter((each) => each !== "") : value]));
}
