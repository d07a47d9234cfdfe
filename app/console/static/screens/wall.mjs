// A screen on the wall: no controls, big numbers, tiles with what is wrong first, and how old it is.
// It is somebody's who is signed in and follows the live feed, or nobody's and reads with a key.

import { html, useEffect, useMemo } from "../vendor/ui.mjs";
import { connection, watchResultsOf } from "../live.mjs";
import { matcher } from "../lib/filters.mjs";
import { ORDER, STATES, rank, stateOf } from "../lib/states.mjs";
import { clock } from "../lib/time.mjs";
import { grouped, t, tn } from "../lib/words.mjs";
import { filterText } from "../parts/Filter.mjs";
import { Failure, Skeleton } from "../parts/Page.mjs";
import { Tiles } from "../parts/ServiceGroups.mjs";
import { Shape } from "../parts/Status.mjs";
import { firing } from "../store/alerts.mjs";
import { link, wallKey, windowTitle } from "../store/route.mjs";
import { organization } from "../store/session.mjs";
import { changes, facts, rowOf, services } from "../store/services.mjs";
import { now, zone } from "../store/view.mjs";
import { followWall, wall } from "../store/wall.mjs";

const A_PAGE = 400;
const PAGE_SECONDS = 15;

export default function Wall() {
  useEffect(() => {
    windowTitle.value = t("Wall");
    const sleep = keepAwake();
    if (wallKey) {
      const stop = followWall();
      return () => (stop(), sleep());
    }
    services.reload();
    watchResultsOf([]); // states are enough here: no result of a single check is drawn
    return sleep;
  }, []);
  const ids = services.data.value;
  const text = filterText();
  const stamp = changes.value;
  const shown = useMemo(() => {
    const fits = matcher(text, facts);
    return (ids ?? []).map((id) => rowOf(id).peek()).filter(fits).sort((a, b) => rank(stateOf(a)) - rank(stateOf(b)) || (a.name < b.name ? -1 : 1));
  }, [ids, text, stamp]);
  const counts = Object.groupBy(shown, stateOf);
  const pages = Math.max(1, Math.ceil(shown.length / A_PAGE));
  const page = Math.floor(now.value / 1000 / PAGE_SECONDS) % pages;
  const { name, open, since, error, reload } = wallKey ? ofKey() : ofSession();
  return html`<main class=${`wall${since ? " dimmed" : ""}`}>
    <header><h1>${wallKey ? name : html`<a href=${link("/services")}>${name}</a>`}</h1>
      <p class="wall-counts">${ORDER.filter((each) => counts[each]).map((each) => html`<span key=${each} class=${STATES[each].name}><${Shape} state=${each} /> <b>${grouped(counts[each].length)}</b> ${STATES[each].word}</span>`)}</p>
      <p class="wall-clock">${clock(now.value, zone.value, true)}</p></header>
    ${(!ids || error?.status === 401) && (error ? html`<${Failure} error=${error} retry=${error.status === 401 ? null : reload} />` : html`<${Skeleton} />`)}
    ${ids && !shown.length && html`<p class="lead">${ids.length ? t("No service matches the filter of this wall.") : t("Nothing is watched yet: a service appears here when it is made.")}</p>`}
    ${ids && html`<${Tiles} links=${!wallKey} ids=${shown.slice(page * A_PAGE, (page + 1) * A_PAGE).map((row) => row.id)} large />`}
    <footer><p class="muted" role="status">${since ? t("Not connected: this is the state of {clock}.", { clock: clock(since, zone.value, true) }) : t("Live")}${` · ${tn(open, "one open alert", "{n} open alerts")}`}${pages > 1 ? ` · ${t("page {n} of {all}", { n: page + 1, all: pages })}` : ""}</p></footer>
  </main>`;
}

/** What the wall of somebody who is signed in says of itself; `since` when it is out of date. */
function ofSession() {
  const { state, since } = connection.value;
  return { name: organization.value?.name ?? "", open: firing.value, since: state === "live" ? null : since, error: services.error.value, reload: services.reload };
}

/** The same of a screen that reads with a key. */
function ofKey() {
  const found = wall.data.value;
  const error = wall.error.value;
  const refused = error?.status === 401 && { status: 401, message: t("This link is not valid any more: it was revoked, or has expired. Make another in the console, under Organization, Keys"), requestId: null };
  return { name: found?.organization ?? "", open: found?.open_alerts ?? 0, since: error ? wall.at.value : null, error: refused || error, reload: wall.reload };
}

/** Keep the screen on while this page is seen; returns how to end it. */
function keepAwake() {
  let lock = null;
  const ask = () => document.visibilityState === "visible" && navigator.wakeLock?.request("screen").then((given) => (lock = given), () => {});
  ask();
  document.addEventListener("visibilitychange", ask);
  return () => {
    document.removeEventListener("visibilitychange", ask);
    lock?.release();
  };
}
