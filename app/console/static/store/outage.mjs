// What is away, and since when: the server itself, its database, or its Valkey. A page at rest makes no
// request of its own, so it asks now and then; while something is away it asks often, and when all is
// back every store reads its lists again.

import * as api from "../api.mjs";
import * as live from "../live.mjs";
import { t } from "../lib/words.mjs";
import { outage } from "./session.mjs";

const CALM_MS = 10_000;
const AWAY_MS = 1000;
const PATIENCE_MS = 6000;
const AWAY_PATIENCE_MS = 4000; // the places that a browser has for requests are few
const GRACE_MS = 1000; // a server that held still answers late, but it answers
const LATE_MS = 6000; // of a read, while others are answered

const WORDS = {
  server: (clock) => t("Not connected since {clock}. You see the state of then; it comes back by itself.", { clock }),
  gate: (clock) => t("Not connected since {clock}. Something else answers in place of AlertifyPro, such as a sign-in of your network or company. What you have typed stays here.", { clock }),
  database: (clock) => t("The database is away since {clock}. You see the state of then; nothing can be saved until it is back, which is tried by itself.", { clock }),
  redis: (clock) => t("Valkey is away since {clock}. Checks and messages go on; this page is not live until it is back.", { clock }),
};

const looks = new Set(); // what calls off each that is under way
let timer = 0;
let heardAt = 0; // when the server last answered anything, by performance.now()

/** Begin to look, and never end. */
export function watch() {
  api.onReached((status) => {
    if (status && status < 500) heardAt = performance.now();
    if (status === 0) lost();
    else if (!looks.size && (status >= 502 || outage.peek())) look();
  });
  api.onSlow(() => looks.size || look());
  addEventListener("online", look);
  addEventListener("offline", lost);
  addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    api.askAgain(performance.now() - GRACE_MS); // nobody has looked after what was read in a hidden tab
    look();
  });
  live.on("lost", look);
  soon();
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(look, outage.peek() ? AWAY_MS : CALM_MS);
}

/**
 * Ask whether all is there. While there is no answer another look goes out each second: a connection of
 * before may be dead without a word, and the browser sends on those it has before it opens another.
 */
async function look() {
  clearTimeout(timer);
  if (document.hidden) return; // what is not seen is asked for when it is
  if (looks.size && outage.peek()?.part === "database") return soon(); // it is there, and answers when it can
  const began = performance.now();
  const mine = new AbortController();
  const patience = AbortSignal.timeout(outage.peek() ? AWAY_PATIENCE_MS : PATIENCE_MS);
  looks.add(mine);
  timer = setTimeout(look, AWAY_MS);
  try {
    const signal = AbortSignal.any([mine.signal, patience]);
    const { late = [] } = (await api.send("GET", "/ready", { signal, apart: true })).data;
    const redis = late.find((each) => each.part === "redis");
    answered(began);
    api.askAgain(began - LATE_MS);
    live.check();
    found(redis ? "redis" : null, redis && Date.parse(redis.since));
    soon();
  } catch (error) {
    if (mine.signal.aborted) return; // another look was answered
    if (patience.aborted) { // the next look is on its way
      api.callOff(began);
      if (heardAt < began) found("server");
    } else if (!error.status) { // not reached, or another's answer
      api.callOff(began);
      found(error.isGate ? "gate" : "server");
      soon();
    } else if (error.status >= 500 && !error.requestId) lost(); // a proxy has answered for it
    else {
      answered(began);
      if (error.status === 503) found("database");
      soon();
    }
  } finally {
    looks.delete(mine);
  }
}

/** The server has answered: after its silence, what still waits on connections of before waits for ever. */
function answered(began) {
  heardAt = performance.now();
  if (!away(outage.peek())) return;
  looks.forEach((each) => each.abort());
  setTimeout(() => api.callOff(began), GRACE_MS);
}

/** Whether nothing of the server is reached. */
const away = (outage) => outage?.part === "server" || outage?.part === "gate";

function lost() {
  if (outage.peek()?.part === "server") return; // a look is due within a second
  found("server");
  soon();
}

function found(part, since = api.serverNow()) {
  const known = outage.peek();
  if ((known?.part ?? null) === part) return;
  outage.value = part && { part, since: away(known) && away({ part }) ? known.since : since, said: WORDS[part] };
  if (away(known) && !away({ part })) live.renew(); // its socket may be dead without knowing it
  if (!part) live.resync();
}
