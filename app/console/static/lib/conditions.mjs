// Conditions of alert rules: what can be compared with what, as rows of a builder, and in words.

import { STATES } from "./states.mjs";
import { span } from "./time.mjs";
import { listed, t, tn } from "./words.mjs";

const ORDER = [">", ">=", "<", "<=", "==", "!="];
const PARTS = ["contains", "startsWith", "matches", "==", "!="];
const STATUS = ["in", "==", "!="];

/** Metrics: what each is called, its kind of value, unit, operators, and a value to begin with. */
export const METRICS = {
  status: { word: t("State"), kind: "status", operators: STATUS, value: ["RED"] },
  response_time_ms: { word: t("Response time"), kind: "number", unit: "ms", operators: ORDER, value: 2000 },
  status_code: { word: t("HTTP status"), kind: "number", operators: [...ORDER, "startsWith"], value: 500 },
  consecutive_failures: { word: t("Failures in a row"), kind: "number", operators: ORDER, value: 3 },
  error: { word: t("Error text"), kind: "text", operators: PARTS, value: "" },
  body: { word: t("Body of the answer"), kind: "text", operators: ["contains"], value: "", only: true },
  ssl_days_remaining: { word: t("Certificate validity"), kind: "number", unit: t("days"), operators: ["<", ...ORDER.filter((each) => each !== "<")], value: 14 },
  dns_resolved: { word: t("Name resolved"), kind: "fact", operators: ["==", "!="], value: false },
  tcp_connected: { word: t("TCP connected"), kind: "fact", operators: ["==", "!="], value: false },
  uptime_percentage: { word: t("Uptime"), kind: "number", unit: "%", operators: ["<", "<=", ">", ">="], value: 99.9, window: 60 },
  error_rate: { word: t("Failed checks"), kind: "number", unit: "%", operators: ORDER, value: 10, window: 15 },
  p95_response_time_ms: { word: t("p95 of response time"), kind: "number", unit: "ms", operators: ORDER, value: 2000, window: 15 },
  slo_burn_rate: { word: t("Error budget burn"), kind: "number", unit: "×", operators: [">", ">="], value: 14.4, window: 60, slo: true },
};

export const OPERATORS = { "==": t("is"), "!=": t("is not"), ">": t("is above"), ">=": t("is at least"), "<": t("is below"), "<=": t("is at most"), in: t("is one of"), contains: t("contains"), startsWith: t("begins with"), matches: t("matches") };

/** Conditions to begin with: [id, title, severity, condition]. */
export const TEMPLATES = [
  ["down", t("Service down"), "critical", { metric: "status", operator: "in", value: ["RED"] }],
  ["slow", t("Service slow"), "warning", { metric: "response_time_ms", operator: ">", value: 2000, at_least: 3, of_last: 5 }],
  ["certificate", t("Certificate ends soon"), "warning", { metric: "ssl_days_remaining", operator: "<", value: 14 }],
  ["budget", t("Error budget burns fast"), "critical", { metric: "slo_burn_rate", operator: ">", value: 14.4, slo_target: 99.9, window_minutes: 60, short_window_minutes: 5 }],
];

/** A test to begin with for a metric. */
export function testOf(metric) {
  const { operators, value, window, slo } = METRICS[metric];
  return { metric, operator: operators[0], value, ...(window && { window_minutes: window }), ...(slo && { slo_target: 99.9, short_window_minutes: 5 }) };
}

/** The same test with another operator, its value fitting. */
export function withOperator(test, operator) {
  const value = operator === "in" ? [test.value].flat() : [test.value].flat()[0];
  return { ...test, operator, value: METRICS[test.metric].kind === "number" && operator === "startsWith" ? String(value) : value };
}

const QUALIFIERS = { none: {}, checks: { for_checks: 3 }, seconds: { for_seconds: 120 }, share: { at_least: 3, of_last: 5 } };

/** Over which checks a test must hold: none, checks, seconds or share. */
export const qualifierOf = (test) => (test.for_checks != null ? "checks" : test.for_seconds != null ? "seconds" : test.at_least != null ? "share" : "none");

/** The same test over other checks. */
export function withQualifier(test, kind) {
  const { for_checks, for_seconds, at_least, of_last, ...plain } = test;
  return { ...plain, ...QUALIFIERS[kind] };
}

const isTest = (part) => METRICS[part?.metric] !== undefined && OPERATORS[part.operator] !== undefined && part.value != null && (part.operator === "in") === Array.isArray(part.value);

/** A condition as rows, {joint: "all" or "any", tests}; null when it says more than rows can. */
export function toRows(condition) {
  if (typeof condition !== "object" || condition === null) return null;
  if (!Object.keys(condition).length) return { joint: "all", tests: [{ metric: "status", operator: "in", value: ["RED", "YELLOW"] }] };
  if (isTest(condition)) return { joint: "all", tests: [condition] };
  const joint = condition.all ? "all" : "any";
  const tests = condition[joint];
  return Array.isArray(tests) && tests.length && tests.every(isTest) ? { joint, tests } : null;
}

/** The condition that rows say. */
export const fromRows = ({ joint, tests }) => (tests.length === 1 ? tests[0] : { [joint]: tests });

function valueWords(test) {
  const { kind, unit } = METRICS[test.metric];
  const one = (value) => (kind === "status" ? STATES[value]?.word ?? value : typeof value === "boolean" ? (value ? t("yes") : t("no")) : kind === "text" ? `“${value}”` : `${value}${unit ? ` ${unit}` : ""}`);
  return [test.value].flat().map(one).join(t(" or "));
}

function testWords(test) {
  if (!isTest(test)) return t("something else");
  const { word } = METRICS[test.metric];
  const short = test.operator === "in" ? t("is") : OPERATORS[test.operator];
  const named = /^[A-Z][a-z]/.test(word) ? word[0].toLowerCase() + word.slice(1) : word;
  const said = test.metric === "status" ? `${short} ${valueWords(test)}` : t("has {metric} {compared}", { metric: named, compared: `${short.replace(/^is (?=above|at|below|not|one)/, "")} ${valueWords(test)}`.replace(/^is /, "") });
  const parts = [said];
  if (test.slo_target != null) parts.push(t("for a target of {n} %", { n: test.slo_target }));
  if (test.window_minutes) parts.push(t("over {span}", { span: span(test.window_minutes * 60) }));
  if (test.short_window_minutes) parts.push(t("and over {span}", { span: span(test.short_window_minutes * 60) }));
  if (test.for_checks) parts.push(tn(test.for_checks, "at one check", "for {n} checks"));
  if (test.for_seconds) parts.push(t("for {span}", { span: span(test.for_seconds) }));
  if (test.at_least) parts.push(t("in {n} of the last {all} checks", { n: test.at_least, all: test.of_last }));
  return parts.join(" ");
}

/** A condition in words, to stand after "When a service …". */
export function conditionWords(condition) {
  if (typeof condition === "string") return condition;
  if (condition?.not) return t("not ({said})", { said: conditionWords(condition.not) });
  const rows = toRows(condition);
  if (rows) return rows.joint === "any" ? rows.tests.map(testWords).join(t(" or ")) : listed(rows.tests.map(testWords));
  const parts = condition?.all ?? condition?.any;
  return Array.isArray(parts) ? parts.map((part) => `(${conditionWords(part)})`).join(condition.all ? t(" and ") : t(" or ")) : testWords(condition);
}
