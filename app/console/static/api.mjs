// The door to the REST API: one fetch for all, errors with words, pages of lists.
// The session is a cookie that no script sees. What happens at 401 is told to whoever asked for it
// (`onUnauthorized`), which may sign in again and let the request be repeated.

import { span } from "./lib/time.mjs";
import { t } from "./lib/words.mjs";

const BASE = "/api/v1";
const PATIENCE_MS = 60_000;
const SLOW_MS = 2000;
const MAYBE = t("It may have got this: look before you repeat it.");
const SAFE = t("Nothing was changed.");
const USUAL_PAUSE_SECONDS = 5;
const LONGEST_PAUSE_SECONDS = 300;
const EMPTY_BY_INTENT = [202, 204, 205];

let unauthorized = async () => false;
let organization = () => null;
let reached = () => {};
let slow = () => {};
let writing = () => {};
let skew = 0;
const underWay = new Map(); // by what calls off each request: when it began by performance.now(), and how to send a read once more

/** Say what to do at 401 of a request that was sent then (by performance.now()): return whether it shall be repeated. */
export const onUnauthorized = (handler) => (unauthorized = handler);
/** Say which organization (slug) requests are for; null is the session's own. */
export const onOrganization = (read) => (organization = read);
/** Hear after each request what came of it: the status, 0 where the server was not reached. */
export const onReached = (handler) => (reached = handler);
/** Hear of each request that has had no answer for two seconds. */
export const onSlow = (handler) => (slow = handler);
/** Hear of each request that changes something (method, path) before it is sent; it waits for what is returned. */
export const onWrite = (handler) => (writing = handler);
/**
 * Call off the requests under way that began before (by performance.now()): who has acted hears that a
 * silent server says nothing, and the few connections that a browser opens to a server are free again.
 */
export function callOff(before) {
  for (const [stopper, { began }] of underWay) if (began < before) stopper.abort();
}
/**
 * Send the reads under way that began before once more, beside what was sent: that may be on a connection
 * which is dead without a word. The first answer counts. A read is sent twice at most.
 */
export function askAgain(before) {
  for (const each of underWay.values()) {
    if (each.began >= before) continue;
    each.again?.();
    each.again = null;
  }
}
/** The server's clock, in milliseconds since the epoch. */
export const serverNow = () => Date.now() + skew;

/**
 * A request that failed: `status` (0: no answer of ours), a sentence, fields, request id, after how many
 * seconds to come again, and when that is; `isGate`: something else answers in the server's place;
 * `isUnsure`: what was to be changed may be changed.
 */
export class ApiError extends Error {
  constructor(status, message, { fields = {}, requestId = null, retryAfter = null, isGate = false, isUnsure = false } = {}) {
    super(message);
    Object.assign(this, { status, fields, requestId, retryAfter, isGate, isUnsure, retryAt: retryAfter && serverNow() + retryAfter * 1000 });
  }
}

/**
 * Send a request and return {data, response}. Raises ApiError; AbortError when called off. With
 * `atOnce` it is on its way when this returns its promise, and goes on when the page is left.
 * With `apart` it is a look at the server itself: no handler hears of it, and `signal` alone calls it off.
 */
export async function send(method, path, { body, text, query, signal, headers, again = true, atOnce = false, apart = false } = {}) {
  if (method !== "GET" && !atOnce) await writing(method, path);
  const address = addressOf(path, query);
  const init = { method, credentials: "same-origin", redirect: "manual", cache: apart ? "no-store" : "default", keepalive: atOnce, headers: { Accept: "application/json", ...headers } };
  const stopper = new AbortController();
  init.signal = AbortSignal.any([stopper.signal, AbortSignal.timeout(PATIENCE_MS), ...(signal ? [signal] : [])]);
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers["Content-Type"] = "application/json";
  } else if (text !== undefined) {
    init.body = text; // a document as somebody wrote it; JSON is YAML too
    init.headers["Content-Type"] = "application/yaml";
  }
  let answer;
  const waiting = apart ? 0 : setTimeout(slow, SLOW_MS);
  const entry = { began: performance.now(), again: null };
  if (!apart) underWay.set(stopper, entry);
  const isWrite = method !== "GET";
  let hasBegun = false;
  const ask = async (changes) => {
    const response = await fetch(address, { ...init, ...changes });
    hasBegun = true;
    return { response, ...(await read(response)) }; // which may stop half-way as well
  };
  try {
    answer = await (isWrite ? ask() : first(ask, entry));
  } catch (error) {
    if (signal?.aborted) throw error;
    if (!apart && !stopper.signal.aborted) reached(0); // who calls off knows what the server says
    throw unanswered(isWrite, init.signal.aborted, hasBegun);
  } finally {
    clearTimeout(waiting);
    underWay.delete(stopper);
    stopper.abort(); // what was asked twice
  }
  const { response, data } = answer;
  if (!apart) reached(answer.isForeign || answer.isCut ? Math.max(response.status, 502) : response.status);
  learnClock(response.headers.get("Date"));
  if (answer.isForeign || answer.isCut) throw strange(answer, isWrite);
  if (response.status === 401 && again && (await unauthorized(entry.began))) {
    return send(method, path, { body, text, query, signal, headers, again: false, atOnce });
  }
  if (!response.ok) throw failure(response, data);
  return { data, response };
}

/** The first answer of a read, which `entry.again` sends once more. Raises when no answer is left to come. */
function first(ask, entry) {
  return new Promise((resolve, reject) => {
    let asked = 0;
    const go = (changes) => {
      asked += 1;
      ask(changes).then(resolve, (error) => (asked -= 1) || reject(error));
    };
    entry.again = () => go({ cache: "no-store" }); // else it waits in the cache for the one before
    go();
  });
}

function unanswered(isWrite, hasWaited, hasBegun) {
  if (hasBegun) return new ApiError(0, cutWords(isWrite), { isUnsure: isWrite });
  if (hasWaited && isWrite) return new ApiError(0, t("The server does not answer. It may have got this: look before you repeat it."), { isUnsure: true });
  return new ApiError(0, t("The server was not reached. Nothing was changed."));
}

/** The address of an API path, with the organization of this tab. */
export function addressOf(path, query = {}) {
  const address = new URL(BASE + path, location.origin);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") address.searchParams.set(name, value);
  }
  const slug = organization();
  if (slug && !address.searchParams.has("org")) address.searchParams.set("org", slug);
  return address.pathname + address.search;
}

export const get = async (path, query, signal) => (await send("GET", path, { query, signal })).data;
export const post = async (path, body = {}, options) => (await send("POST", path, { body, ...options })).data;
export const patch = async (path, body) => (await send("PATCH", path, { body })).data;
export const put = async (path, body) => (await send("PUT", path, { body })).data;
export const remove = async (path, query) => (await send("DELETE", path, { query })).data;

/** One page of a list: {items, total, next}, `next` being the query of the next page or null. */
export async function page(path, query, signal) {
  const { data, response } = await send("GET", path, { query, signal });
  const total = response.headers.get("X-Total-Count");
  const next = /<([^>]+)>;\s*rel="next"/.exec(response.headers.get("Link") ?? "");
  const cursor = next && new URL(next[1], location.origin).searchParams.get("cursor");
  return {
    items: data,
    total: total === null ? null : Number(total),
    next: cursor ? { ...query, cursor } : null,
  };
}

/** Every item of a list, page by page; `each` hears of the items of each page as it arrives. */
export async function all(path, query = {}, { signal, each = () => {}, most = Infinity } = {}) {
  const items = [];
  let wanted = { limit: 1000, ...query };
  while (wanted && items.length < most) {
    const found = await page(path, wanted, signal);
    items.push(...found.items);
    each(found.items, found.total);
    wanted = found.next;
  }
  return items;
}

function learnClock(date) {
  // The header is cut to whole seconds: half a second is the best guess of the rest.
  if (date) {
    const difference = Date.parse(date) + 500 - Date.now();
    if (Math.abs(difference - skew) > 1500) skew = Math.abs(difference) > 1500 ? difference : 0;
  }
}

async function read(response) {
  if (response.type === "opaqueredirect") return { isForeign: true }; // the API leads nowhere else
  return readAnswer(response.status, response.headers.get("Content-Type"), await response.text());
}

function detailsOf(response) {
  return { requestId: response.headers.get("X-Request-Id"), retryAfter: secondsOf(response.headers.get("Retry-After"), serverNow()) };
}

function failure(response, data) {
  const said = data?.error ? toldWords(response.status, data.error) : foreignWords(response.status, true);
  return new ApiError(response.status, said, { ...detailsOf(response), fields: data?.fields ?? {} });
}

/** The failure of an answer that is not the API's, or not whole. */
function strange({ response, isCut }, isWrite) {
  const { status } = response;
  if (isCut && status < 400) return new ApiError(0, cutWords(isWrite), { isUnsure: isWrite });
  const isGate = status < 400 || status === 401 || status === 407;
  return new ApiError(isGate ? 0 : status, foreignWords(status, isWrite), { ...detailsOf(response), isGate, isUnsure: isWrite && status >= 500 });
}

/**
 * {data} of a body as it came, {isCut} where it is not whole, {isForeign} where it is no JSON and so
 * not of the API. `type` is its content type.
 */
function readAnswer(status, type, text) {
  if (!text && EMPTY_BY_INTENT.includes(status)) return { data: null };
  if (!text && status < 400) return { isCut: true };
  if (!/\bjson\b/i.test(type ?? "")) return { isForeign: true };
  try {
    return { data: JSON.parse(text) };
  } catch {
    return { isCut: true };
  }
}

/** What to say of an answer that is not the API's own; `isWrite`: the request was to change something. */
function foreignWords(status, isWrite) {
  if (status < 400 || status === 401 || status === 407) return `${t("Something else answers in place of AlertifyPro, such as a sign-in of your network or company.")} ${isWrite ? SAFE : ""}`.trim();
  if (status === 403) return t("Something between this browser and AlertifyPro refuses this, such as a firewall. {safe}", { safe: SAFE });
  if (status === 404) return t("Something between this browser and AlertifyPro does not know this address.");
  if (status === 413) return t("This is more than is taken at once. Send fewer lines, or a smaller file. {safe}", { safe: SAFE });
  if (status === 429) return t("Too many requests have come from here.");
  if (status >= 500) return `${t("A proxy in front of AlertifyPro had no answer from it ({status}).", { status })} ${isWrite ? MAYBE : ""}`.trim();
  return t("The server answered {status}.", { status });
}

/** What to say of an answer that did not arrive whole. */
const cutWords = (isWrite) => `${t("The answer did not arrive whole.")} ${isWrite ? MAYBE : ""}`.trim();

/** The API's sentence, or another where that is in terms of programs. */
const toldWords = (status, said) => (status === 413 ? foreignWords(413, true) : said);

/** When somebody who was refused for a while may come again, in words; nothing for other failures. `now` in milliseconds. */
export function againWords({ status, retryAt }, now) {
  const seconds = status === 429 && retryAt ? Math.ceil((retryAt - now) / 1000) : 0;
  return seconds > 0 ? t("Again in {span}.", { span: span(seconds) }) : "";
}

/** Whole seconds of a header Retry-After, a number or a date (RFC 9110, 10.2.3); null for neither. `now` in milliseconds. */
function secondsOf(header, now) {
  const text = (header ?? "").trim();
  const seconds = /^\d+$/.test(text) ? Number(text) : Math.ceil((Date.parse(text) - now) / 1000);
  return Number.isNaN(seconds) ? null : Math.max(1, seconds);
}

/** After how many seconds a read that failed is tried again by itself; null for what would fail again. */
export function pauseAfter({ status, retryAfter }) {
  if (status !== 0 && status !== 429 && !(status >= 502)) return null;
  return Math.min(retryAfter ?? USUAL_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS);
}
