// The door to the REST API: one fetch for all, errors with words, pages of lists.
// The session is a cookie that no script sees. What happens at 401 is told to whoever asked for it
// (`onUnauthorized`), which may sign in again and let the request be repeated.

import { t } from "./lib/words.mjs";

const BASE = "/api/v1";
const PATIENCE_MS = 60_000;
const SLOW_MS = 2000;

let unauthorized = async () => false;
let organization = () => null;
let reached = () => {};
let slow = () => {};
let writing = () => {};
let skew = 0;
const underWay = new Map(); // what calls off each request, and when it began by performance.now()

/** Say what to do at 401: return whether the request shall be repeated. */
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
  for (const [stopper, began] of underWay) if (began < before) stopper.abort();
}
/** The server's clock, in milliseconds since the epoch. */
export const serverNow = () => Date.now() + skew;

/** A request that failed: `status` (0: not reached), the API's sentence, fields, request id. */
export class ApiError extends Error {
  constructor(status, message, { fields = {}, requestId = null, retryAfter = null } = {}) {
    super(message);
    Object.assign(this, { status, fields, requestId, retryAfter });
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
  const init = { method, credentials: "same-origin", cache: apart ? "no-store" : "default", keepalive: atOnce, headers: { Accept: "application/json", ...headers } };
  const stopper = new AbortController();
  init.signal = AbortSignal.any([stopper.signal, AbortSignal.timeout(PATIENCE_MS), ...(signal ? [signal] : [])]);
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers["Content-Type"] = "application/json";
  } else if (text !== undefined) {
    init.body = text; // a document as somebody wrote it; JSON is YAML too
    init.headers["Content-Type"] = "application/yaml";
  }
  let response;
  let data;
  const waiting = apart ? 0 : setTimeout(slow, SLOW_MS);
  if (!apart) underWay.set(stopper, performance.now());
  try {
    response = await fetch(address, init);
    data = await read(response); // which may stop half-way as well
  } catch (error) {
    if (signal?.aborted) throw error;
    if (!apart && !stopper.signal.aborted) reached(0); // who calls off knows what the server says
    throw new ApiError(0, init.signal.aborted && method !== "GET" ? t("The server does not answer. It may have got this: look before you repeat it.") : t("The server was not reached. Nothing was changed."));
  } finally {
    clearTimeout(waiting);
    underWay.delete(stopper);
  }
  if (!apart) reached(response.status);
  learnClock(response.headers.get("Date"));
  if (response.status === 401 && again && (await unauthorized())) {
    return send(method, path, { body, text, query, signal, headers, again: false, atOnce });
  }
  if (!response.ok) throw failure(response, data);
  return { data, response };
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
  const text = await response.text();
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

function failure(response, data) {
  const details = {
    fields: data?.fields ?? {},
    requestId: response.headers.get("X-Request-Id"),
    retryAfter: Number(response.headers.get("Retry-After")) || null,
  };
  return new ApiError(response.status, data?.error ?? t("The server answered {status}.", { status: response.status }), details);
}
