// Short messages that come by themselves: what was done, what went wrong. They are kept in a list.

import { signal } from "../vendor/ui.mjs";
import { againWords, serverNow } from "../api.mjs";
import { sentence, t } from "../lib/words.mjs";

const KEPT = 50;
let number = 0;

/** Newest first: {id, kind, text, at, action, onEnd, gone}. */
export const toasts = signal([]);

/** Say that something was done; `action` ({label, run}) is offered beside it, e.g. Undo; `onEnd` hears when it leaves the screen. */
export function say(text, action = null, onEnd = null) {
  return add("done", text, action, onEnd);
}

/** Say that something went wrong, in the API's words. */
export function sayError(error, what = null) {
  const said = `${sentence(error.message)} ${againWords(error, serverNow())}`.trim();
  return add("failed", what ? `${what} ${said}` : said, null, null, error.requestId);
}

/** Take a message off the screen; the list keeps it. */
export function hide(id) {
  const shown = toasts.peek().find((each) => each.id === id && !each.gone);
  if (!shown) return;
  toasts.value = toasts.peek().map((each) => (each === shown ? { ...each, gone: true } : each));
  shown.onEnd?.();
}

/** Do what a message offers, the newest that offers something where none is named. */
export function takeUp(toast = toasts.peek().find((each) => each.action && !each.gone)) {
  if (!toast) return;
  toast.action.run();
  hide(toast.id);
}

function add(kind, text, action, onEnd, requestId = null) {
  const toast = { id: ++number, kind, text: text ?? t("Done."), action, onEnd, requestId, at: serverNow(), gone: false };
  toasts.value = [toast, ...toasts.peek()].slice(0, KEPT);
  return toast.id;
}
