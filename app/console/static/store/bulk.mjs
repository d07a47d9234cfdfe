// One act on many things, in as many requests as the API wants for them.

import * as api from "../api.mjs";

const MOST = 1000;

/**
 * Send an action to `path` for all these ids; returns the outcome of each, in their order. Raises
 * ApiError where nothing was done; what a later request left undone has that one's sentence.
 */
export async function bulk(path, ids, action) {
  const results = [];
  while (results.length < ids.length) {
    try {
      const found = await api.post(path, { ...action, ids: ids.slice(results.length, results.length + MOST) });
      results.push(...found.results);
    } catch (error) {
      if (!results.length) throw error;
      results.push(...ids.slice(results.length).map((id) => ({ id, ok: false, error: error.message })));
    }
  }
  return results;
}
