// The console: routes and frame. A screen is a module with one default export, loaded when it is
// first visited; the server reads this table too, and links the modules of the address it answers.

import { html, effect, render, signal, useEffect } from "./vendor/ui.mjs";
import { ApiError, pauseAfter } from "./api.mjs";
import { t } from "./lib/words.mjs";
import { Frame } from "./parts/Frame.mjs";
import { Button, Failure, Skeleton } from "./parts/Page.mjs";
import { firing, openAlerts } from "./store/alerts.mjs";
import { go, link, route, wallKey, windowTitle } from "./store/route.mjs";
import { load, organization, session, signedIn } from "./store/session.mjs";
import { say, sayError, takeUp } from "./store/toasts.mjs";
import { nextTheme, notePrefix, prefixed, view } from "./store/view.mjs";

// Screens within the frame. The fewest parameters win: /services/new before /services/:id.
const SCREENS = [
  ["/", () => import("./screens/home.mjs")],
  ["/services", () => import("./screens/services.mjs")],
  ["/services/new", () => import("./screens/service-form.mjs")],
  ["/services/:id", () => import("./screens/service.mjs")],
  ["/services/:id/edit", () => import("./screens/service-form.mjs")],
  ["/welcome", () => import("./screens/welcome.mjs")],
  ["/channels", () => import("./screens/channels.mjs")],
  ["/channels/new", () => import("./screens/channel.mjs")],
  ["/channels/:id", () => import("./screens/channel.mjs")],
  ["/alerts", () => import("./screens/alerts.mjs")],
  ["/alerts/:id", () => import("./screens/alert.mjs")],
  ["/rules", () => import("./screens/rules.mjs")],
  ["/rules/new", () => import("./screens/rule-form.mjs")],
  ["/rules/:id", () => import("./screens/rule-form.mjs")],
  ["/on-call", () => import("./screens/on-call.mjs")],
  ["/on-call/new", () => import("./screens/on-call-form.mjs")],
  ["/on-call/:id", () => import("./screens/on-call-form.mjs")],
  ["/escalation", () => import("./screens/escalation.mjs")],
  ["/escalation/new", () => import("./screens/escalation-form.mjs")],
  ["/escalation/:id", () => import("./screens/escalation-form.mjs")],
  ["/maintenance", () => import("./screens/maintenance.mjs")],
  ["/maintenance/new", () => import("./screens/maintenance-form.mjs")],
  ["/maintenance/:id", () => import("./screens/maintenance-form.mjs")],
  ["/heartbeats", () => import("./screens/heartbeats.mjs")],
  ["/heartbeats/new", () => import("./screens/heartbeat-form.mjs")],
  ["/heartbeats/:id", () => import("./screens/heartbeat.mjs")],
  ["/heartbeats/:id/edit", () => import("./screens/heartbeat-form.mjs")],
  ["/pages", () => import("./screens/pages.mjs")],
  ["/pages/new", () => import("./screens/page-form.mjs")],
  ["/pages/:id", () => import("./screens/page.mjs")],
  ["/pages/:id/edit", () => import("./screens/page-form.mjs")],
  ["/reports", () => import("./screens/reports.mjs")],
  ["/certificates", () => import("./screens/certificates.mjs")],
  ["/locations", () => import("./screens/locations.mjs")],
  ["/organization", () => import("./screens/organization.mjs")],
  ["/profile", () => import("./screens/profile.mjs")],
  ["/server", () => import("./screens/server.mjs")],
  ["/wall", () => import("./screens/wall.mjs")],
];
// Screens of people who are not signed in, without the frame.
const ENTRANCES = [
  ["/sign-in", () => import("./screens/sign-in.mjs")],
  ["/sign-up", () => import("./screens/sign-up.mjs")],
  ["/forgot-password", () => import("./screens/forgot-password.mjs")],
  ["/reset-password", () => import("./screens/reset-password.mjs")],
  ["/invitation", () => import("./screens/invitation.mjs")],
];
const KEYS = { h: "/", s: "/services", a: "/alerts", b: "/heartbeats", o: "/on-call", m: "/maintenance", c: "/channels", r: "/rules" };

const ROWS = ".alert-rows, .table .rows"; // where j and k are heard; from elsewhere j leads there
const ROW = ".alert-row a.name, .row[tabindex='0']";
const SHORTCUTS = new Set("nazr"); // of buttons: make one, and of an alert acknowledge, snooze, resolve

const BEGIN_SECONDS = 3; // between two tries to find out who is there

const failure = signal(null);
const overlay = signal(null);

function find(table, path) {
  const asked = path.split("/");
  const fits = (pattern) => {
    const parts = pattern.split("/");
    return parts.length === asked.length && parts.every((part, at) => part.startsWith(":") || part === asked[at]);
  };
  const parameters = (pattern) => pattern.split(":").length;
  const [found] = table.filter(([pattern]) => fits(pattern)).sort(([a], [b]) => parameters(a) - parameters(b));
  if (!found) return null;
  const named = found[0].split("/").map((part, at) => [part, asked[at]]).filter(([part]) => part.startsWith(":"));
  return { load: found[1], params: Object.fromEntries(named.map(([part, value]) => [part.slice(1), decodeURIComponent(value)])) };
}

const exists = (path) => find(SCREENS, path) !== null;

const loaded = new Map();
const missing = signal(null); // the loader whose module did not come

/** A screen by its loader: `waiting` until its module is here, a failure when it does not come. */
function Screen({ load: fetchModule, params, id, waiting = null }) {
  const known = loaded.get(fetchModule);
  useEffect(() => {
    if (known) return;
    fetchModule().then(
      (module) => {
        loaded.set(fetchModule, module.default);
        if (missing.peek() === fetchModule) missing.value = null;
        arrived.value += 1;
      },
      () => (missing.value = fetchModule),
    );
  }, [fetchModule]);
  arrived.value; // drawn again when a module has come
  if (known) return html`<${Guarded} key=${id}><${known} ...${params} /><//>`;
  if (missing.value === fetchModule) return html`<${Failure} error=${{ status: 0, message: t("This screen could not be loaded.") }} retry=${() => location.reload()} />`;
  return waiting;
}

/** What a screen draws; where drawing it fails, a sentence in its place: a fault of ours is no blank page. */
function Guarded({ children }) {
  if (!this.state?.failed) return children;
  return html`<${Failure} error=${{ message: t("This screen could not be drawn. The fault is in AlertifyPro, not in what you did.") }} retry=${() => location.reload()} />`;
}
Guarded.getDerivedStateFromError = (error) => {
  reportError(error); // for whoever looks for it
  return { failed: true };
};
const arrived = signal(0);

function App() {
  const { path } = route.value;
  const state = signedIn.value;
  if (wallKey) return html`<${Screen} load=${find(SCREENS, path).load} id=${path} />`; // whoever is signed in or not
  const entrance = find(ENTRANCES, path);
  if (state === "unknown") return failure.value && html`<div class="entry"><${Failure} error=${failure.value} retry=${begin} /></div>`;
  if (entrance) return html`<${Screen} load=${entrance.load} params=${entrance.params} id=${path} />`;
  if (state === "out") return null;
  const screen = find(SCREENS, path);
  if (path === "/wall" && state === "in") return html`<${Screen} load=${screen.load} params=${screen.params} id=${path} />`;
  return html`<${Frame} exists=${exists} onPalette=${openPalette}>
      ${screen ? html`<${Screen} load=${screen.load} params=${screen.params} id=${JSON.stringify([screen.load.toString(), screen.params])} waiting=${html`<${Skeleton} />`} />` : html`<${Nowhere} />`}
    <//>
    ${state === "expired" && html`<${Screen} load=${expired} />`}
    ${overlay.value && html`<${Screen} load=${overlay.value} params=${{ exists, onClose: () => (overlay.value = null) }} id="overlay" />`}`;
}

const expired = () => import("./screens/expired.mjs");
const palette = () => import("./parts/Palette.mjs");
const keyList = () => import("./parts/Keys.mjs");
const openPalette = () => (overlay.value = palette);

function Nowhere() {
  useEffect(() => {
    windowTitle.value = t("Not found");
  }, []);
  return html`<section class="empty"><h1>${t("There is nothing here")}</h1>
    <p>${t("The address may be mistyped, or what was here is gone.")}</p>
    <div class="actions"><a class="button primary" href=${link("/")}>${t("Home")}</a><${Button} icon="search" onClick=${openPalette}>${t("Search")}<//></div>
  </section>`;
}

/** Find out who is there, and send them to the right first page. */
async function begin() {
  try {
    await load();
    failure.value = null;
  } catch (error) {
    failure.value = error;
    const pause = pauseAfter(error);
    if (pause !== null) setTimeout(begin, Math.max(BEGIN_SECONDS, error.retryAfter ? pause : 0) * 1000);
    return;
  }
  if (signedIn.peek() === "in") openAlerts.reload();
}

effect(() => {
  const entrance = find(ENTRANCES, route.value.path);
  if (signedIn.value === "out" && !entrance) {
    const here = location.pathname + location.search;
    go(here === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(here)}`, { replace: true });
  }
});

effect(() => {
  const open = session.value ? firing.value : 0;
  document.title = `${open ? `(${open}) ` : ""}${windowTitle.value ? `${windowTitle.value} – ` : ""}AlertifyPro`;
});

let last = null;
effect(() => {
  const here = organization.value?.id ?? null;
  if (here && last && here !== last) location.reload(); // another person's or organization's page
  last = here ?? last;
});

// Links within the console change the screen; everything else is the browser's.
addEventListener("click", (event) => {
  const anchor = event.target.closest?.("a[href]");
  if (!anchor || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const address = new URL(anchor.href, location.href);
  const inside = address.origin === location.origin && (exists(address.pathname) || find(ENTRANCES, address.pathname));
  if (!inside || anchor.target || anchor.hasAttribute("download") || anchor.dataset.load !== undefined) return;
  event.preventDefault();
  if (address.href !== location.href) go(address.href);
});

// What went wrong and nobody has told: a request behind a button, a part of the console that did not come.
addEventListener("unhandledrejection", (event) => {
  const { reason } = event;
  const isPart = reason instanceof TypeError && /module/.test(reason.message);
  if (!isPart && !(reason instanceof ApiError) && reason?.name !== "AbortError") return;
  event.preventDefault();
  if (reason.name !== "AbortError") sayError(isPart ? { message: t("A part of the console could not be loaded. Try again, or load the page again.") } : reason);
});

// A time says the whole of it to a finger too, which points at nothing.
addEventListener("click", (event) => {
  const when = event.target.closest?.("time.when");
  if (when && !when.closest("a, button, summary, [data-key]")) say(when.title.replace("\n", " · "));
});

addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && signedIn.peek() === "in") {
    event.preventDefault();
    openPalette();
    return;
  }
  if ((event.ctrlKey || event.metaKey) && event.key === "z" && !typing(event.target)) takeUp();
  if (event.ctrlKey || event.metaKey || event.altKey || !view.peek().keys || typing(event.target) || signedIn.peek() !== "in") return;
  const target = prefixed() ? KEYS[event.key] : null;
  notePrefix(event.key);
  if (target && exists(target)) go(link(target));
  else if (event.key === "?") overlay.value = keyList;
  else if (event.key === "t" && !target) nextTheme();
  else if (event.key === "/") {
    const field = document.querySelector(".filter input");
    if (field) {
      event.preventDefault();
      field.focus();
    }
  } else if (event.key === "j" && !event.target.closest?.(ROWS)) document.querySelector(ROWS)?.querySelector(ROW)?.focus();
  else if (SHORTCUTS.has(event.key)) document.querySelector(`[data-shortcut=${event.key}]`)?.click();
});

function typing(target) {
  return target.closest?.("input, textarea, select, [contenteditable], dialog") !== null;
}

render(html`<${App} />`, document.getElementById("app"));
// What watches over every screen comes after the first one.
const watching = [import("./store/outage.mjs"), import("./focus.mjs")];
if (!wallKey) watching.push(import("./announcements.mjs"));
if (!wallKey && (view.peek().sound || view.peek().notify)) watching.push(import("./alarms.mjs"));
for (const coming of watching) coming.then((module) => module.watch(), () => {});
if (!wallKey) begin();
