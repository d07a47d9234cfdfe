// Something read from the API with everything a screen must be able to say about it: whether it is
// being read, what came, what went wrong, and as of when it is.

import { batch, signal, useEffect, useMemo } from "../vendor/ui.mjs";
import { serverNow } from "../api.mjs";
import { on } from "../live.mjs";

const BUSY_MS = 5000;

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

  async function reload() {
    stopper?.abort();
    clearTimeout(timer);
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
      if (reason.status === 503 || reason.status === 0) {
        timer = setTimeout(reload, (reason.retryAfter ?? 0) * 1000 || BUSY_MS); // it mends itself
      }
    } finally {
      if (mine === stopper) loading.value = false;
    }
  }

  /** Change the data in place, from a live frame or the answer to a write. */
  const update = (change) => {
    if (data.peek() !== undefined) data.value = change(data.peek());
  };
  const stop = () => {
    stopper?.abort();
    stopper = null;
    clearTimeout(timer);
  };
  return { data, error, loading, at, reload, update, stop };
}

/**
 * A resource of a screen: read when the screen appears and when `keys` change, again after a gap
 * of the live feed, and after frames of the types in `frames` that `concerns(data)`.
 */
export function useResource(load, keys = [], { frames = [], concerns = () => true } = {}) {
  const made = useMemo(() => resource(load), keys);
  useEffect(() => {
    made.reload();
    let due = 0;
    const soon = () => {
      clearTimeout(due);
      due = setTimeout(made.reload, 250); // frames come in bursts
    };
    const stops = [on("resync", soon), ...frames.map((type) => on(type, (data) => concerns(data) && soon()))];
    return () => {
      clearTimeout(due);
      stops.forEach((stop) => stop());
      made.stop();
    };
  }, [made]);
  return made;
}
