// The live feed: one socket, reconnected for as long as the page lives.
// Whoever wants frames calls `on`. After a gap that the server cannot fill, "resync" is told, and
// every store reads its lists again. The socket opens before the lists are read, so nothing falls
// between the two.

import { signal } from "./vendor/ui.mjs";
import { addressOf, serverNow } from "./api.mjs";

const SILENCE_MS = 45_000;
const LONGEST_WAIT_MS = 30_000;
const POLICY_VIOLATION = 1008;

/** "connecting", "live", "offline", "ended" (the session is over), and since when. */
export const connection = signal({ state: "connecting", since: serverNow() });

const listeners = new Map();
let socket = null;
let sequence = null;
let attempts = 0;
let timer = 0;
let watchdog = 0;
let wanted = false;
let wish = null;
let heardAt = 0; // by the clock on the wall, which goes on while a machine sleeps

/** Hear frames of a type ("*": all, "resync": read your lists again, "lost": the socket has closed); returns how to stop. */
export function on(type, listener) {
  if (!listeners.has(type)) listeners.set(type, new Set());
  listeners.get(type).add(listener);
  return () => listeners.get(type).delete(listener);
}

/** Connect, and stay so. */
export function start() {
  wanted = true;
  if (!socket) open();
}

/** Disconnect, and forget where we were. */
export function stop() {
  wanted = false;
  sequence = null;
  clearTimeout(timer);
  socket?.close();
  socket = null;
}

/** Let everybody read their lists again, after a time in which frames may not have come. */
export const resync = () => tell("resync", { data: {} });

/** Ask for the check results of these services alone; other frames keep coming. */
export function watchResultsOf(ids) {
  wish = JSON.stringify({ subscribe: { check_results_of: ids } });
  if (socket?.readyState === WebSocket.OPEN) socket.send(wish);
}

/** Take another socket, which resumes: this one may be dead without knowing it. */
export function renew() {
  const old = socket;
  socket = null;
  old?.close();
  now();
}

/** Renew a socket that has been silent for too long, as after the sleep of a machine, whose timers slept too. */
export function check() {
  if (socket && Date.now() - heardAt > SILENCE_MS) renew();
}

function open() {
  clearTimeout(timer);
  const query = sequence === null ? {} : { since_seq: sequence };
  const address = new URL(addressOf("/ws", query), location.href);
  address.protocol = address.protocol.replace("http", "ws");
  const mine = (socket = new WebSocket(address));
  mine.onopen = () => wish && mine.send(wish);
  mine.onmessage = (message) => mine === socket && take(JSON.parse(message.data));
  mine.onclose = (event) => mine === socket && closed(event.code);
  watch();
}

function take(frame) {
  watch();
  if (frame.type === "hello") {
    const known = sequence !== null;
    attempts = 0;
    report("live");
    if (known && !frame.data.resumed) tell("resync", frame);
    if (!known || !frame.data.resumed || !frame.data.missed) sequence = frame.seq;
    return;
  }
  if (frame.type === "error") return;
  sequence = Math.max(sequence ?? 0, frame.seq);
  if (frame.type === "ping") return;
  tell(frame.type, frame);
  tell("*", frame);
}

function tell(type, frame) {
  for (const listener of listeners.get(type) ?? []) listener(frame.data, frame);
}

function closed(code) {
  socket = null;
  clearTimeout(watchdog);
  if (!wanted) return;
  if (code === POLICY_VIOLATION) {
    report("ended");
    tell("ended", { data: {} });
    return;
  }
  tell("lost", { data: {} });
  report(attempts < 2 && navigator.onLine ? "connecting" : "offline");
  const wait = Math.min(LONGEST_WAIT_MS, 1000 * 2 ** attempts++);
  timer = setTimeout(open, wait * (0.75 + Math.random() / 2));
}

function report(state) {
  if (connection.value.state !== state) connection.value = { state, since: serverNow() };
}

/** A peer that is silent for longer than its pings is gone, whatever the socket says. */
function watch() {
  clearTimeout(watchdog);
  heardAt = Date.now();
  const mine = socket;
  watchdog = setTimeout(() => {
    mine.close(); // which waits for the word of a peer that may be gone
    if (mine === socket) closed();
  }, SILENCE_MS);
}

function now() {
  if (!wanted || socket?.readyState === WebSocket.OPEN) return;
  if (socket?.readyState === WebSocket.CONNECTING) return;
  attempts = 0;
  open();
}

addEventListener("online", renew);
addEventListener("offline", () => wanted && report("offline"));
addEventListener("visibilitychange", () => !document.hidden && now());
