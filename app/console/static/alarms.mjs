// Sound and notification for critical alerts, where this browser is to make them (Profile, off at first). They
// follow the list of open alerts, not single frames: what fired while the feed was away rings too.

import { effect } from "./vendor/ui.mjs";
import { serverNow } from "./api.mjs";
import { ringing } from "./lib/alarms.mjs";
import { messageOf } from "./lib/states.mjs";
import { t, tn } from "./lib/words.mjs";
import { openAlerts } from "./store/alerts.mjs";
import { go, link } from "./store/route.mjs";
import { view } from "./store/view.mjs";

const TONES = [880, 660, 880, 660]; // hertz
const TONE_SECONDS = 0.22;
const LOUDNESS = 0.3;
const SINGLE = 3; // more at once are one notification

const shown = new Map(); // notifications by alert
let known = null; // what rang when the list was looked at last
let context = null;
let asking = null;
let watching = false;

/** Ring for what fires from now on, as long as the page lives. */
export function watch() {
  if (watching) return;
  watching = true;
  for (const gesture of ["click", "keydown"]) addEventListener(gesture, permit, true);
  effect(() => {
    if (view.value.sound && !permitted()) ask();
    else hush();
  });
  effect(() => {
    const alerts = openAlerts.data.value;
    if (alerts) hear(alerts);
  });
}

function hear(alerts) {
  const now = new Set(ringing(alerts, serverNow()));
  const fresh = known ? alerts.filter((alert) => now.has(alert.id) && !known.has(alert.id)) : [];
  known = now;
  for (const [id, notification] of shown) {
    if (now.has(id)) continue;
    notification.close(); // somebody has it, or it is over
    shown.delete(id);
  }
  if (!fresh.length) return;
  if (view.peek().sound) ring();
  if (view.peek().notify) tell(fresh);
}

/** Make the sound; a browser that was not pressed yet on this page makes none. */
export function ring() {
  context ??= new AudioContext();
  context.resume();
  const start = context.currentTime + 0.05;
  TONES.forEach((frequency, at) => {
    const [tone, loudness] = [context.createOscillator(), context.createGain()];
    const from = start + at * TONE_SECONDS;
    tone.frequency.value = frequency;
    loudness.gain.setValueAtTime(0, from);
    loudness.gain.linearRampToValueAtTime(LOUDNESS, from + 0.02); // without a click
    loudness.gain.linearRampToValueAtTime(0, from + TONE_SECONDS - 0.02);
    tone.connect(loudness).connect(context.destination);
    tone.start(from);
    tone.stop(from + TONE_SECONDS);
  });
}

const permitted = () => navigator.userActivation?.hasBeenActive ?? context?.state === "running";

/** Browsers let a page sound once somebody has pressed something on it. */
function permit() {
  if (!view.peek().sound) return;
  context ??= new AudioContext();
  context.resume();
  hush();
}

function ask() {
  if (asking) return;
  asking = document.createElement("p");
  asking.className = "raised";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  button.textContent = t("Press here once, so that critical alerts can sound");
  asking.append(button);
  document.body.append(asking);
}

function hush() {
  asking?.remove();
  asking = null;
}

function tell(alerts) {
  if (alerts.length > SINGLE) {
    const title = tn(alerts.length, "One critical alert", "{n} critical alerts");
    const names = alerts.slice(0, SINGLE).map((alert) => alert.service_name).join(", ");
    const notification = notify(title, { body: t("{names} and more", { names }), tag: "alertifypro.alerts" }, "/alerts");
    if (notification) alerts.forEach((alert) => shown.set(alert.id, notification));
    return;
  }
  for (const alert of alerts) {
    const notification = notify(alert.service_name, { body: messageOf(alert), tag: alert.id, requireInteraction: true }, `/alerts/${alert.id}`);
    if (notification) shown.set(alert.id, notification);
  }
}

/** Show a notification that leads to a screen; null where this browser shows none to pages. */
export function notify(title, options, path) {
  if (obstacle()) return null;
  try {
    const notification = new Notification(title, options);
    notification.onclick = () => {
      focus();
      go(link(path));
      notification.close();
    };
    return notification;
  } catch {
    return null; // Chrome on Android, whose pages may not
  }
}

/** Why this browser shows no notification of ours, in words; null where it may, or may be asked. */
export function obstacle() {
  if (!isSecureContext || !("Notification" in globalThis)) return t("Browsers show notifications only of pages that come by https.");
  if (Notification.permission === "denied") return t("This browser refuses notifications of this address. Allow them at the sign before the address, and load the page again.");
  return null;
}
