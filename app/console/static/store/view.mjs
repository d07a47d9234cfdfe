// How things are shown: theme, density, time zone, and the clock that relative times follow. Kept in
// localStorage, so that it is there at once, and in the person's profile, so that it follows them to
// another browser; nothing secret is.

import { computed, effect, signal } from "../vendor/ui.mjs";
import { send, serverNow } from "../api.mjs";
import { session } from "./session.mjs";

const KEY = "alertifypro.view";
const DEFAULTS = { theme: "system", density: "comfortable", utc: false, keys: true, sound: false, notify: false, recent: [], hiddenColumns: [] };
// What of it is the person's; the rest is this browser's.
const OWN = ["theme", "density", "utc", "keys", "hiddenColumns"];
const KEEP_MS = 500;

export const view = signal({ ...DEFAULTS, ...stored() });

function stored() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}

/** Change how things are shown. */
export function setView(changes) {
  show(changes);
  if (!OWN.some((name) => name in changes)) return;
  clearTimeout(due);
  due = setTimeout(keep, KEEP_MS);
}

function show(changes) {
  view.value = { ...view.peek(), ...changes };
  try {
    localStorage.setItem(KEY, JSON.stringify(view.peek()));
  } catch {
    // A browser that stores nothing forgets the theme; everything else works.
  }
}

let due = 0;

/** Put what is the person's into their profile, beside what other programs keep there. */
function keep() {
  due = 0;
  const person = session.peek();
  if (!person) return;
  const own = Object.fromEntries(OWN.map((name) => [name, view.peek()[name]]));
  const preferences = { ...person.preferences, console: own };
  session.value = { ...person, preferences };
  send("PATCH", "/profile", { body: { preferences }, again: false, atOnce: true }).catch(() => {}); // it stays in this browser
}
addEventListener("pagehide", () => due && keep());

let whose = null;
effect(() => {
  const person = session.value;
  if (!person || person.user_id === whose) return;
  whose = person.user_id;
  const kept = person.preferences?.console ?? {};
  const known = OWN.filter((name) => typeof kept[name] === typeof DEFAULTS[name] && Array.isArray(kept[name]) === Array.isArray(DEFAULTS[name]));
  show(Object.fromEntries(known.map((name) => [name, kept[name]])));
});

const PREFIX_MS = 1500;
let prefix = 0;

/** Note whether a key was `g`, the first of two that lead to a screen. */
export const notePrefix = (key) => (prefix = key === "g" ? Date.now() : 0);
/** Whether this key is the second of the two, and so is for no row and no button. */
export const prefixed = () => Date.now() - prefix < PREFIX_MS;

const THEMES = ["system", "light", "dark"];

/** Go to the next theme: as the system has it, light, dark. */
export function nextTheme() {
  setView({ theme: THEMES[(THEMES.indexOf(view.peek().theme) + 1) % THEMES.length] });
}

effect(() => {
  const { theme, density } = view.value;
  const root = document.documentElement;
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  root.dataset.density = density;
});

const darkness = matchMedia("(prefers-color-scheme: dark)");
/** Raised when the system changes between light and dark: for what is drawn and not styled. */
export const systemTheme = signal(darkness.matches);
darkness.addEventListener("change", () => (systemTheme.value = darkness.matches));

/** The time zone of this browser. */
export const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The time zone of everything shown: UTC where it was chosen, else the profile's or this browser's. */
export const zone = computed(() => {
  if (view.value.utc) return "UTC";
  const chosen = session.value?.timezone;
  return chosen && chosen !== "UTC" ? chosen : ownZone;
});

/** The server's time, told once a second; a hidden tab stands still. */
export const now = signal(serverNow());
setInterval(() => !document.hidden && (now.value = serverNow()), 1000);
addEventListener("visibilitychange", () => (now.value = serverNow()));
