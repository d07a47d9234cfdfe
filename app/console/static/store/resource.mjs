// Something read from the API with everything a screen must be able to say about it: whether it is
// being read, what came, what went wrong, and as of when it is.

import { batch, signal, useEffect, useMemo } from "../vendor/ui.mjs";
import { pauseAfter, serverNow } from "../api.mjs";
import { on } from "../live.mjs";

const BURST_MS = 200; // frames come in bursts
const SHARE = 4; // and are read after for a fifth of the time at most

/** Ids of what was deleted here: lists leave them out, also while the deletion can be undone. */
export const deleted = signal(new Set());

/** Rows without those that were deleted here. */
export const kept = (rows) => (deleted.value.size ? rows.filter((each) => !deleted.value.has(each.id ?? each)) : rows);

/** A resource: `load(signal)` reads it. Older data stays while it is read again. */
export function resource(load) {
  const data = signal(undefined);
  const error = signal(null);
  const loading = signal(false);
  const at = signal(null);
  let stopper = null;
  let timer = 0;
  let due = 0;
  let began = 0;
  let took = 0;

  async function reload() {
    stopper?.abort();
    clearTimeout(timer);
    clearTimeout(due);
    due = 0;
    began = performance.now();
    const mine = (stopper = new AbortController());
    loading.value = true;
    try {
      const found = await load(mine.signal);
      if (mine !== stopper) return;
      batch(() => {
        data.value = found;
        error.value = null;
        at.value = serverNow();
      });
    } catch (reason) {
      if (mine !== stopper || reason.name === "AbortError") return;
      error.value = reason;
      const pause = pauseAfter(reason);
      if (pause !== null) timer = setTimeout(reload, pause * 1000); // it mends itself
    } finally {
      if (mine === stopper) {
        loading.value = false;
        took = performance.now() - began;
      }
    }
  }

  /** Read it again soon, after a frame: however many come, and without end, it is read now and then. */
  function renew() {
    due ||= setTimeout(() => {
      due = 0;
      if (loading.peek()) renew(); // what is under way is of before the frame, and comes first
      else reload();
    }, Math.max(BURST_MS, took * SHARE));
  }

  /** Change the data in place, from a live frame or the answer to a write. */
  const update = (change) => {
    if (data.peek() !== undefined) data.value = change(data.peek());
  };
  const stop = () => {
    stopper?.abort();
    stopper = null;
    loading.value = false;
    clearTimeout(timer);
    clearTimeout(due);
    due = 0;
  };
  return { data, error, loading, at, reload, renew, update, stop };
}

/**
 * A resource of a screen: read when the screen appears and when `keys` change, again after a gap
 * of the live feed, and after frames of the types in `frames` that `concerns(data)`.
 */
export function useResource(load, keys = [], { frames = [], concerns = () => true } = {}) {
  const made = useMemo(() => resource(load), keys);
  useEffect(() => {
    made.reload();
    const stops = [on("resync", made.reload), ...frames.map((type) => on(type, (data) => concerns(data) && made.renew()))];
    return () => {
      stops.forEach((stop) => stop());
      made.stop();
    };
  }, [made]);
  return made;
}
