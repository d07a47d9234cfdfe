// Deletions that can be undone. What is deleted leaves the lists at once; the request is sent when the
// message that offers to undo it goes. It is sent early when the page is left or hidden, and before
// anything else of the same kind is written: its name may be given again.

import * as api from "../api.mjs";
import { t } from "../lib/words.mjs";
import { deleted } from "./resource.mjs";
import { organization, session } from "./session.mjs";
import { hide, say, sayError } from "./toasts.mjs";

const LONGEST_MS = 60_000; // a screen without messages, such as the wall, ends none
const waiting = new Map(); // by the number of the message

/**
 * Delete what stands at `path` after the time to undo it; lists leave out its `ids` from now on, and
 * `said` is told, and `onSent` hears when it is done. `send(options)` is for requests of another form: it returns what was
 * left undeleted, [{id, error}]. `name` is for the message that it did not work.
 */
export function deleteLater({ ids, path, name, said = t("{name} is deleted.", { name }), send = (options) => api.send("DELETE", path, options).then(() => []), onSent = () => {} }) {
  const deletion = { ids, path, name, send, onSent, org: organization.peek()?.slug, person: session.peek()?.user_id };
  leaveOut(ids, true);
  const undo = () => waiting.delete(message) && leaveOut(ids, false);
  const message = say(said, { label: t("Undo"), run: undo }, () => finish(message));
  waiting.set(message, deletion);
  setTimeout(() => finish(message), LONGEST_MS);
}

function leaveOut(ids, are) {
  const known = new Set(deleted.peek());
  ids.forEach((id) => (are ? known.add(id) : known.delete(id)));
  deleted.value = known;
}

/** Send the deletion of a message; what it did not delete is listed again, and why is told. */
async function finish(message) {
  const { ids, name, send, onSent, org, person } = waiting.get(message) ?? {};
  if (!waiting.delete(message)) return;
  hide(message);
  const refused = (left, error) => {
    leaveOut(left, false);
    sayError(error, t("{name} was not deleted.", { name }));
  };
  if (session.peek()?.user_id !== person) return; // somebody else has signed in, and the page loads anew
  try {
    const left = await send({ query: { org }, atOnce: true });
    if (left.length) refused(left.map((each) => each.id), { message: left[0].error });
    onSent();
  } catch (error) {
    if (error.status !== 404) refused(ids, error); // 404: it was deleted elsewhere
  }
}

const finishAll = () => [...waiting.keys()].map(finish);
const kindOf = (path) => path.split("/")[1];

api.onWrite((method, path) => {
  if (path === "/session" || kindOf(path) === "config") return Promise.all(finishAll());
  if (method === "DELETE") return null;
  return Promise.all([...waiting].filter(([, each]) => kindOf(each.path) === kindOf(path)).map(([message]) => finish(message)));
});
addEventListener("pagehide", finishAll);
addEventListener("visibilitychange", () => document.hidden && finishAll());
