// Every service of the organization as one signal each, so that a result repaints one row. Read in
// pages of a thousand with the fields that lists show; kept true by the live feed, whose frames are
// gathered and painted once a frame of the screen.

import { t } from "../lib/words.mjs";
import { batch, computed, signal } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { on } from "../live.mjs";
import { STATES, merged, stateOf } from "../lib/states.mjs";
import { deleted, resource } from "./resource.mjs";

const FIELDS = [
  "id", "name", "endpoint", "check_type", "environment", "tags", "is_active", "status", "in_maintenance",
  "last_checked_at", "last_response_time_ms", "last_error", "status_changed_at", "next_check_at", "created_at",
].join(",");
const BEATS = 30;
const MOST_IDS = 100;
const HIDDEN_MS = 1000;
const COUNT_MS = 250;

const rows = new Map();
const beats = new Map();

// What frames told of services while the list is being read, of which it may not know: a row, null for none.
let meanwhile = new Map();

/** Reads all services; its data is their ids, newest first. */
export const services = resource(async (stop) => {
  const told = (meanwhile = new Map());
  const found = await api.all("/services", { fields: FIELDS }, { signal: stop, each: keep });
  const read = new Set(found.map((each) => each.id));
  const later = [...told.values()].filter((row) => row && (read.has(row.id) || "created_at" in row));
  keep(later);
  const made = later.filter((row) => !read.has(row.id));
  return forget([...made, ...found].filter((row) => told.get(row.id) !== null));
});

/** Raised once a frame when any row has changed: for what counts over all rows. */
export const changes = signal(0);

/** How many services there are of each state, and of each tag, type and environment. */
export const facets = computed(() => {
  changes.value;
  const counts = { state: {}, tag: {}, type: {}, env: {} };
  const add = (kind, name) => (counts[kind][name] = (counts[kind][name] ?? 0) + 1);
  for (const id of services.data.value ?? []) {
    const row = rows.get(id)?.peek();
    if (!row || deleted.value.has(id)) continue;
    add("state", stateOf(row));
    row.tags.forEach((tag) => add("tag", tag));
    add("type", row.check_type);
    if (row.environment) add("env", row.environment);
  }
  return counts;
});

const known = new WeakMap(); // facts by row: a row that changes is another one

/** What the filter looks at in a row. */
export function facts(row) {
  if (!known.has(row)) known.set(row, factsOf(row));
  return known.get(row);
}

function factsOf(row) {
  return {
    name: row.name.toLowerCase(),
    q: `${row.name} ${row.endpoint ?? ""} ${row.last_error ?? ""}`.toLowerCase(),
    tag: row.tags.map((tag) => tag.toLowerCase()),
    status: [STATES[stateOf(row)].name, row.status.toLowerCase()],
    type: [row.check_type.toLowerCase()],
    env: [row.environment.toLowerCase()],
  };
}

/** The signal of a service's row; undefined for an unknown id. */
export function rowOf(id) {
  return rows.get(id);
}

/** The signal of a service's last states, oldest first; null until they were read. */
export function beatsOf(id) {
  if (!beats.has(id)) beats.set(id, signal(null));
  return beats.get(id);
}

/** Read the bars of these services, where they are not here yet. */
export async function needBeats(ids) {
  const missing = ids.filter((id) => beatsOf(id).peek() === null).slice(0, MOST_IDS);
  if (!missing.length) return;
  const found = await api.get("/services/beats", { ids: missing.join(","), n: BEATS });
  batch(() => {
    for (const each of found) beatsOf(each.service_id).value = each.beats.map(stateOfBeat);
  });
}

/** Put services in, as the API answered them. */
export function put(found) {
  keep(found);
  const known = new Set(services.data.peek() ?? []);
  const fresh = found.filter((each) => !known.has(each.id)).map((each) => each.id);
  if (fresh.length) services.update((ids) => [...fresh, ...ids]);
  changes.value += 1;
}

/** Take these for all the services there are, where somebody else has read them. */
export function replaceAll(found) {
  keep(found);
  services.data.value = forget(found);
}

/** Take services out. */
export function takeOut(ids) {
  const gone = new Set(ids);
  services.update((known) => known.filter((id) => !gone.has(id)));
  changes.value += 1;
}

function stateOfBeat(beat) {
  return beat.in_maintenance ? "MAINTENANCE" : beat.status;
}

function keep(found) {
  batch(() => {
    for (const each of found) {
      const known = rows.get(each.id);
      if (known) known.value = merged(known.peek(), each);
      else rows.set(each.id, signal(each));
    }
  });
}

function forget(found) {
  const ids = found.map((each) => each.id);
  const here = new Set(ids);
  for (const id of rows.keys()) {
    if (here.has(id)) continue;
    rows.delete(id);
    beats.delete(id);
  }
  for (const each of beats.values()) each.value = null; // read anew for the rows on the screen
  changes.value += 1;
  return ids;
}

// What frames told since the last paint, by service: {change, beats}, null where it was deleted.
let results = new Map();
let unplan = null;

function gather(id, change, beat = null) {
  const known = results.get(id);
  if (known === null) return; // a frame of before its end
  const beats = known?.beats ?? [];
  results.set(id, { change: { ...known?.change, ...change }, beats: beat ? [...beats, beat].slice(-BEATS) : beats });
  if (services.loading.peek() && meanwhile.get(id) !== null) meanwhile.set(id, { ...meanwhile.get(id), ...change, id });
  if (!unplan) plan();
}

function end(id) {
  results.set(id, null);
  if (services.loading.peek()) meanwhile.set(id, null);
  if (!unplan) plan();
}

/** Paint with the next frame of the screen; a hidden tab has none. */
function plan() {
  unplan?.();
  const timer = document.hidden ? setTimeout(paint, HIDDEN_MS) : requestAnimationFrame(paint);
  unplan = document.hidden ? () => clearTimeout(timer) : () => cancelAnimationFrame(timer);
}
addEventListener("visibilitychange", () => unplan && plan());

function paint() {
  unplan = null;
  const told = results;
  results = new Map();
  const [fresh, gone] = [[], []];
  batch(() => {
    let counts = false;
    for (const [id, news] of told) {
      const row = rows.get(id);
      if (!news) gone.push(id);
      else if (!row) "created_at" in news.change && fresh.push(news.change);
      else {
        counts ||= "status" in news.change;
        row.value = merged(row.peek(), news.change);
        const bars = beats.get(id);
        if (bars?.peek() && news.beats.length) bars.value = [...bars.peek(), ...news.beats].slice(-BEATS);
      }
    }
    if (counts) count();
    if (fresh.length && services.data.peek()) put(fresh);
    if (gone.length) takeOut(gone);
  });
}

let counted = 0;
let counting = 0;

/** Say that counts may be others: at once, and then now and then, as they go over all rows. */
function count() {
  counting ||= setTimeout(() => {
    counting = 0;
    counted = performance.now();
    changes.value += 1;
  }, Math.max(0, counted + COUNT_MS - performance.now()));
}

on("resync", () => (services.data.peek() || services.loading.peek()) && services.reload());
on("check_result", (data) => {
  const change = {
    last_checked_at: data.checked_at,
    last_response_time_ms: data.response_time_ms,
    last_error: data.error,
  };
  const row = rows.get(data.service_id)?.peek();
  gather(data.service_id, change, row?.in_maintenance ? "MAINTENANCE" : data.status);
});
on("service.status_changed", (data, frame) => gather(data.service_id, { status: data.to, status_changed_at: frame.at }));
on("service.created", (data) => gather(data.id, data));
on("service.updated", (data) => gather(data.id, data));
on("service.deleted", (data) => end(data.id));
for (const edge of ["started", "ended"]) on(`maintenance.${edge}`, () => services.data.peek() && services.renew());

/** The name of a service; three dots until the services are read. */
export function nameOf(id) {
  if (services.data.value === undefined) return "…";
  return rowOf(id)?.value.name ?? t("a service that is gone");
}
