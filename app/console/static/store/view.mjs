// How this browser shows things: theme, density, time zone, and the clock that relative times
// follow. Kept in localStorage; nothing secret is.

import { computed, effect, signal } from "../vendor/ui.mjs";
import { serverNow } from "../api.mjs";
import { session } from "./session.mjs";

const KEY = "alertifypro.view";
const DEFAULTS = { theme: "system", density: "comfortable", utc: false, keys: true, recent: [], hiddenColumns: [] };

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
  view.value = { ...view.peek(), ...changes };
  try {
    localStorage.setItem(KEY, JSON.stringify(view.peek()));
  } catch {
    // A browser that stores nothing forgets the theme; everything else works.
  }
}

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

const own = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The time zone of everything shown: UTC where it was chosen, else the profile's or this browser's. */
export const zone = computed(() => {
  if (view.value.utc) return "UTC";
  const chosen = session.value?.timezone;
  return chosen && chosen !== "UTC" ? chosen : own;
});

/** The server's time, told once a second; a hidden tab stands still. */
export const now = signal(serverNow());
setInterval(() => !document.hidden && (now.value = serverNow()), 1000);
addEventListener("visibilitychange", () => (now.value = serverNow()));
