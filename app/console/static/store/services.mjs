// Every service of the organization as one signal each, so that a result repaints one row. Read in
// pages of a thousand with the fields that lists show; kept true by the live feed, whose frames are
// gathered and painted once a frame of the screen.

import { t } from "../lib/words.mjs";
import { batch, computed, signal } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { on } from "../live.mjs";
import { STATES, stateOf } from "../lib/states.mjs";
import { deleted, resource } from "./resource.mjs";

const FIELDS = [
  "id", "name", "endpoint", "check_type", "environment", "tags", "is_active", "status", "in_maintenance",
  "last_checked_at", "last_response_time_ms", "last_error", "status_changed_at", "next_check_at", "created_at",
].join(",");
const BEATS = 30;
const MOST_IDS = 100;

const rows = new Map();
const beats = new Map();

/** Reads all services; its data is their ids, newest first. */
export const services = resource(async (stop) => {
  const found = await api.all("/services", { fields: FIELDS }, { signal: stop, each: keep });
  return forget(found);
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
      if (known) known.value = { ...known.peek(), ...each };
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

const results = new Map();
let painting = 0;

function gather(id, change, beat = null) {
  const known = results.get(id) ?? { change: {}, beats: [] };
  results.set(id, { change: { ...known.change, ...change }, beats: beat ? [...known.beats, beat] : known.beats });
  if (!painting) painting = document.hidden ? setTimeout(paint, 1000) : requestAnimationFrame(paint);
}

function paint() {
  painting = 0;
  batch(() => {
    let counts = false;
    for (const [id, { change, beats: fresh }] of results) {
      const row = rows.get(id);
      if (!row) continue;
      counts ||= "status" in change;
      row.value = { ...row.peek(), ...change };
      const bars = beats.get(id);
      if (bars?.peek() && fresh.length) bars.value = [...bars.peek(), ...fresh].slice(-BEATS);
    }
    if (counts) changes.value += 1;
  });
  results.clear();
}

on("resync", () => services.data.peek() && services.reload());
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
on("service.created", (data) => services.data.peek() && put([data]));
on("service.updated", (data) => services.data.peek() && put([data]));
on("service.deleted", (data) => takeOut([data.id]));
for (const edge of ["started", "ended"]) on(`maintenance.${edge}`, () => services.data.peek() && services.reload());

/** The name of a service; three dots until the services are read. */
export function nameOf(id) {
  if (services.data.value === undefined) return "…";
  return rowOf(id)?.value.name ?? t("a service that is gone");
}
