// The short form of conditions, `response_time > 5000 && !body_contains("ok")`, read and written.
// The grammar is the API's (app/domain/rules/expressions.py), which has the last word.

import { METRICS } from "./conditions.mjs";
import { t } from "./words.mjs";

const TOKEN = /\s*(?:(&&|\|\||==|!=|>=|<=|[<>!()[\],])|(-?\d+(?:\.\d+)?(?![\w.]))|("(?:[^"\\]|\\.)*")|('(?:[^'\\]|\\.)*')|([A-Za-z_]\w*))/y;
const ALIASES = { response_time: "response_time_ms", ssl_expiry: "ssl_days_remaining" };
const CALLS = { body_contains: ["body", "contains"], error_contains: ["error", "contains"], error_matches: ["error", "matches"] };
const COMPARES = ["==", "!=", ">", ">=", "<", "<=", "in", "contains", "startsWith", "matches"];

function tokens(text) {
  const found = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const start = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) throw new SyntaxError(t("Cannot read the text at character {n}.", { n: start + 1 }));
    const [, sign, number, double, single, word] = match;
    const quoted = double ?? (single && `"${single.slice(1, -1).replaceAll("\\'", "'").replaceAll('"', '\\"')}"`);
    found.push({ at: start + 1, sign: sign ?? word, word, value: number !== undefined ? Number(number) : quoted !== undefined ? JSON.parse(quoted) : undefined });
  }
  return found;
}

/** The condition of a text as an object. Raises SyntaxError with the place. */
export function readExpression(text) {
  const list = tokens(text);
  let next = 0;
  const wrong = () => new SyntaxError(t("Expected something else at character {n}.", { n: list[next]?.at ?? text.length + 1 }));
  const skip = (sign) => list[next]?.sign === sign && list[next].value === undefined && Boolean((next += 1));
  const expect = (sign) => {
    if (!skip(sign)) throw wrong();
  };
  const joined = (sign, key, part) => {
    const parts = [part()];
    while (skip(sign)) parts.push(part());
    return parts.length === 1 ? parts[0] : { [key]: parts };
  };
  const any = () => joined("||", "any", () => joined("&&", "all", factor));
  const value = () => {
    if (skip("[")) {
      const values = [value()];
      while (skip(",")) values.push(value());
      expect("]");
      return values;
    }
    const token = list[next];
    if (!token || (token.value === undefined && !token.word)) throw wrong();
    next += 1;
    return token.value ?? { true: true, false: false }[token.word] ?? token.word;
  };
  const factor = () => {
    if (skip("!")) return { not: factor() };
    if (skip("(")) {
      const inner = any();
      expect(")");
      return inner;
    }
    const name = list[next]?.word;
    const metric = ALIASES[name] ?? name;
    if (!CALLS[name] && (!METRICS[metric] || metric === "body")) throw wrong();
    next += 1;
    if (CALLS[name]) {
      expect("(");
      const given = value();
      expect(")");
      return { metric: CALLS[name][0], operator: CALLS[name][1], value: given };
    }
    const operator = COMPARES.find((each) => skip(each));
    if (!operator && METRICS[metric].kind === "fact") return { metric, operator: "==", value: true };
    if (!operator) throw wrong();
    return { metric, operator, value: value() };
  };
  const condition = any();
  if (next < list.length) throw wrong();
  return condition;
}

/** A condition as an expression; null when only the object form can say it. */
export function writeExpression(condition, inside = false) {
  if (condition?.not) {
    const inner = writeExpression(condition.not, true);
    return inner && `!${/[ ]/.test(inner) && !inner.startsWith("(") ? `(${inner})` : inner}`;
  }
  for (const [key, sign] of [["all", " && "], ["any", " || "]]) {
    if (!condition?.[key]) continue;
    const parts = condition[key].map((part) => writeExpression(part, true));
    if (parts.some((part) => part === null)) return null;
    return inside ? `(${parts.join(sign)})` : parts.join(sign);
  }
  const { metric, operator, value, ...more } = condition ?? {};
  if (!METRICS[metric] || Object.values(more).some((each) => each != null)) return null;
  const call = Object.entries(CALLS).find(([, [of, by]]) => of === metric && by === operator);
  if (call) return `${call[0]}(${JSON.stringify(value)})`;
  const word = (each) => (metric === "status" ? each : JSON.stringify(each));
  return `${metric} ${operator} ${Array.isArray(value) ? `[${value.map(word).join(", ")}]` : word(value)}`;
}

/** What somebody typed as a condition: JSON or an expression. Raises SyntaxError. */
export function readCondition(text) {
  return text.trim().startsWith("{") ? JSON.parse(text) : readExpression(text);
}

/** A condition as somebody would type it: an expression where one can say it, else JSON. */
export function writeCondition(condition) {
  if (typeof condition === "string") return condition;
  return (Object.keys(condition ?? {}).length && writeExpression(condition)) || JSON.stringify(condition ?? {}, null, 2);
}

/** A stored condition as an object; a text that cannot be read here stays a text. */
export function asObject(condition) {
  if (typeof condition !== "string") return condition ?? {};
  try {
    return readExpression(condition);
  } catch {
    return condition;
  }
}
