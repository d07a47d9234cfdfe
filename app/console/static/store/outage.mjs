// What is away, and since when: the server itself, its database, or its Valkey. A page at rest makes no
// request of its own, so it asks now and then; while something is away it asks often, and when all is
// back every store reads its lists again.

import * as api from "../api.mjs";
import * as live from "../live.mjs";
import { t } from "../lib/words.mjs";
import { outage } from "./session.mjs";

const CALM_MS = 10_000;
const AWAY_MS = 2000;
const PATIENCE_MS = 8000;
const AWAY_PATIENCE_MS = 4000; // a connection of before is dead for ever, and a new one answers at once

const WORDS = {
  server: (clock) => t("Not connected since {clock}. You see the state of then; it comes back by itself.", { clock }),
  database: (clock) => t("The database is away since {clock}. You see the state of then; nothing can be saved until it is back, which is tried by itself.", { clock }),
  redis: (clock) => t("Valkey is away since {clock}. Checks and messages go on; this page is not live until it is back.", { clock }),
};

let timer = 0;
let asking = false;

/** Begin to look, and never end. */
export function watch() {
  api.onReached((status) => {
    if (asking) return;
    if (status === 0) {
      found("server");
      soon();
    } else if (status >= 502 || outage.peek()) look();
  });
  addEventListener("online", look);
  addEventListener("offline", () => found("server"));
  addEventListener("visibilitychange", () => !document.hidden && look());
  live.on("lost", look);
  soon();
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(look, outage.peek() ? AWAY_MS : CALM_MS);
}

async function look() {
  clearTimeout(timer);
  if (document.hidden || asking) return; // what is not seen is asked for when it is
  asking = true;
  try {
    const { late = [] } = await api.get("/ready", {}, AbortSignal.timeout(outage.peek() ? AWAY_PATIENCE_MS : PATIENCE_MS));
    const redis = late.find((each) => each.part === "redis");
    live.check();
    found(redis ? "redis" : null, redis && Date.parse(redis.since));
  } catch (error) {
    if (!error.status) { // not reached, silent for too long, or another's answer
      api.callOffWrites();
      found("server");
    } else if (error.status >= 500 && !error.requestId) found("server"); // a proxy has answered for it
    else if (error.status === 503) found("database");
  }
  asking = false;
  soon();
}

function found(part, since = api.serverNow()) {
  const known = outage.peek();
  if ((known?.part ?? null) === part) return;
  outage.value = part && { part, since, said: WORDS[part] };
  if (known?.part === "server") live.renew(); // its socket may be dead without knowing it
  if (!part) live.resync();
}
