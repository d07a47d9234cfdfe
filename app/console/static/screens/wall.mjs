// A screen on the wall: no controls, big numbers, tiles with what is wrong first, and how old it is.

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
import { link, windowTitle } from "../store/route.mjs";
import { organization } from "../store/session.mjs";
import { changes, facts, rowOf, services } from "../store/services.mjs";
import { now, zone } from "../store/view.mjs";

const A_PAGE = 400;
const PAGE_SECONDS = 15;

export default function Wall() {
  useEffect(() => {
    windowTitle.value = t("Wall");
    services.reload();
    watchResultsOf([]); // states are enough here: no result of a single check is drawn
    return keepAwake();
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
  const { state, since } = connection.value;
  const stale = state !== "live" && since;
  return html`<main class=${`wall${stale ? " dimmed" : ""}`}>
    <header><h1><a href=${link("/services")}>${organization.value?.name ?? ""}</a></h1>
      <p class="wall-counts">${ORDER.filter((each) => counts[each]).map((each) => html`<span key=${each} class=${STATES[each].name}><${Shape} state=${each} /> <b>${grouped(counts[each].length)}</b> ${STATES[each].word}</span>`)}</p>
      <p class="wall-clock">${clock(now.value, zone.value, true)}</p></header>
    ${!ids && (services.error.value ? html`<${Failure} error=${services.error.value} retry=${services.reload} />` : html`<${Skeleton} />`)}
    ${ids && html`<${Tiles} ids=${shown.slice(page * A_PAGE, (page + 1) * A_PAGE).map((row) => row.id)} large />`}
    <footer><p class="muted" role="status">${stale ? t("Not connected: this is the state of {clock}.", { clock: clock(since, zone.value, true) }) : t("Live")}${` · ${tn(firing.value, "one open alert", "{n} open alerts")}`}${pages > 1 ? ` · ${t("page {n} of {all}", { n: page + 1, all: pages })}` : ""}</p></footer>
  </main>`;
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
