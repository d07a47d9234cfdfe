// Something that two people may be editing at once: the second to save is told, and decides.

import { signal, useMemo } from "../vendor/ui.mjs";
import { ApiError, get, send } from "../api.mjs";
import { changed } from "../lib/edits.mjs";

/**
 * Changes of something that was read. `save(body)` sends them with the version that was read, by
 * `path`; where somebody else was first it reads `theirs` by `read()` and fails. `overwrite()` takes
 * theirs as read, so that saving again goes through.
 */
export function useShared({ path, stored, read }) {
  return useMemo(() => {
    let known = stored;
    const theirs = signal(null);
    const mine = signal({});
    return {
      theirs, mine,
      known: () => known,
      overwrite() {
        known = theirs.peek();
        theirs.value = null;
      },
      async save(body) {
        try {
          return (await send("PATCH", path, { body: { ...body, unchanged_since: known.updated_at } })).data;
        } catch (error) {
          if (!error.fields?.unchanged_since) throw error;
          mine.value = body;
          theirs.value = await read();
          throw Object.assign(new ApiError(409, error.message), { isTold: true }); // by `theirs`
        }
      },
    };
  }, []);
}

/** The names of fields in which two versions differ. */
export function differing(before, after) {
  return Object.keys(after).filter((name) => name !== "updated_at" && JSON.stringify(before[name]) !== JSON.stringify(after[name]));
}

/**
 * The edits of what a form was filled with, for parts/Conflict: `save(body)` sends those fields of the
 * body that differ from `initial`, the body of the form as it began; `names` are the fields that it shows.
 * `stored` is what was read of `path`.
 */
export function useEdits({ path, stored, initial }) {
  const shared = useShared({ path, stored, read: () => get(path) });
  const before = useMemo(() => initial, []);
  return { ...shared, names: Object.keys(before), save: (body) => shared.save(changed(body, before)) };
}
