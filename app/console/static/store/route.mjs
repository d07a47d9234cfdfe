// Where we are: path and query of the address, changed without loading a page. The organization of
// a tab stands in the address (`?org=slug`) and is carried along by `link`.

import { signal } from "../vendor/ui.mjs";

export const route = signal(read());
/** What the screen is called; the window's title is made of it. */
export const windowTitle = signal("");

const guards = new Set(); // of each form on the screen, and in the dialogs over it
let depth = history.state?.depth ?? 0;

function read() {
  return { path: location.pathname.replace(/(.)\/+$/, "$1"), query: new URLSearchParams(location.search) };
}

/** The key of a wall's link (`/wall#key=…`), for a screen that nobody is signed in at; null for none. */
export const wallKey = /^\/wall\/*$/.test(location.pathname) ? new URLSearchParams(location.hash.slice(1)).get("key") : null;

/** The organization of this tab, null for the session's own. */
export function tabOrganization() {
  return route.peek().query.get("org");
}

/** An address in the console: a path, parameters, and the organization of this tab. */
export function link(path, parameters = {}) {
  const address = new URL(path, location.origin);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== "") address.searchParams.set(name, value);
  }
  const slug = tabOrganization();
  if (slug && !address.searchParams.has("org")) address.searchParams.set("org", slug);
  return address.pathname + address.search + address.hash;
}

/** Ask before leaving: `ask()` returns (a promise of) whether we may. Returns how to end it. */
export function guardLeaving(ask) {
  guards.add(ask);
  return () => guards.delete(ask);
}

/** Whether everybody lets us go; nobody is asked again then. */
async function mayLeave() {
  for (const ask of guards) if (!(await ask())) return false;
  guards.clear();
  return true;
}

/** Go to an address of the console. */
export async function go(address, { replace = false } = {}) {
  const target = new URL(address, location.origin);
  const moves = target.pathname !== location.pathname;
  if (moves && guards.size && !(await mayLeave())) return;
  history.replaceState({ ...history.state, scroll: scrollY }, "");
  if (replace) history.replaceState({ depth }, "", target);
  else history.pushState({ depth: ++depth }, "", target);
  route.value = read();
  if (moves) scrollTo(0, 0);
}

/** Change parameters of the address; null takes one out. Typing replaces, a choice is a step. */
export function setQuery(changes, { replace = true } = {}) {
  const address = new URL(location.href);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === "") address.searchParams.delete(name);
    else address.searchParams.set(name, value);
  }
  return go(address, { replace });
}

/** Go back within the console, or to a screen when we came from elsewhere. */
export function back(otherwise) {
  if (depth > 0) history.back();
  else go(link(otherwise));
}

/** Keep something with the present entry of the history, for who comes back to it. */
export const note = (values) => history.replaceState({ ...history.state, ...values }, "");
/** What was kept with the present entry of the history by a name; null for nothing. */
export const noted = (name) => history.state?.[name] ?? null;

addEventListener("popstate", async (event) => {
  const there = location.href;
  const to = event.state?.depth ?? 0;
  if (guards.size && read().path !== route.peek().path) {
    history.go(depth - to); // stay until the answer is known
    if (!(await mayLeave())) return;
    history.replaceState({ depth: to }, "", there);
  }
  depth = to;
  route.value = read();
  requestAnimationFrame(() => scrollTo(0, event.state?.scroll ?? 0));
});

/** What a link says behind its # (`token`, a secret, and whose `email` it is), taken out of the address and the history; null for none. */
export function takeFragment() {
  const given = new URLSearchParams(location.hash.slice(1));
  if (given.has("token")) history.replaceState(history.state, "", location.pathname + location.search);
  return { token: given.get("token"), email: given.get("email") };
}
