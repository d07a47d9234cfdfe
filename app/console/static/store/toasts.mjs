// Short messages that come by themselves: what was done, what went wrong. They are kept in a list.

import { signal } from "../vendor/ui.mjs";
import { serverNow } from "../api.mjs";
import { sentence, t } from "../lib/words.mjs";

const KEPT = 50;
let number = 0;

/** Newest first: {id, kind, text, at, action, gone}. */
export const toasts = signal([]);

/** Say that something was done; `action` ({label, run}) is offered beside it, e.g. Undo. */
export function say(text, action = null) {
  return add("done", text, action);
}

/** Say that something went wrong, in the API's words. */
export function sayError(error, what = null) {
  const said = sentence(error.message);
  return add("failed", what ? `${what} ${said}` : said, null, error.requestId);
}

/** Take a message off the screen; the list keeps it. */
export function hide(id) {
  toasts.value = toasts.peek().map((each) => (each.id === id ? { ...each, gone: true } : each));
}

function add(kind, text, action, requestId = null) {
  const toast = { id: ++number, kind, text: text ?? t("Done."), action, requestId, at: serverNow(), gone: false };
  toasts.value = [toast, ...toasts.peek()].slice(0, KEPT);
  return toast.id;
}
