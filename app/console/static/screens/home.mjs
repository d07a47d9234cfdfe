// Home: is anything wrong, and did somebody hear of it?

import { html, useEffect } from "../vendor/ui.mjs";
import { ORDER, STATES, rank, stateOf } from "../lib/states.mjs";
import { moment } from "../lib/time.mjs";
import { grouped, listed, t, tn } from "../lib/words.mjs";
import { AlertRows } from "../parts/AlertList.mjs";
import { Coverage } from "../parts/Coverage.mjs";
import { ComingMaintenance, Duty, Figures } from "../parts/Overview.mjs";
import { ButtonLink, Empty, Loaded, Page } from "../parts/Page.mjs";
import { Said, Status } from "../parts/Status.mjs";
import { firing, openAlerts } from "../store/alerts.mjs";
import { link } from "../store/route.mjs";
import { facets, rowOf, services } from "../store/services.mjs";

const WRONG = ["RED", "YELLOW", "UNKNOWN"];
const SHOWN = 8;

export default function Home() {
  useEffect(() => {
    services.reload();
    openAlerts.reload();
  }, []);
  const begin = html`<${ButtonLink} kind="primary large" needs="services:write" href=${link("/welcome")}>${t("Begin")}<//>`;
  const empty = html`<${Empty} title=${t("What shall we watch?")} action=${begin}>${t("Three steps: name what to watch, say who shall hear of it, and see one outage from beginning to end.")}<//>`;
  return html`<${Page} title=${t("Home")}><${Loaded} of=${services} empty=${empty}>${(ids) => html`<${Overview} ids=${ids} />`}<//><//>`;
}

function Overview({ ids }) {
  const wrong = ids.map((id) => rowOf(id)?.value).filter((row) => row && WRONG.includes(stateOf(row))).sort((a, b) => rank(stateOf(a)) - rank(stateOf(b)));
  const open = (openAlerts.data.value ?? []).filter((alert) => !alert.suppressed_by);
  return html`<${Verdict} />
    <div class="columns"><div class="stack">
      ${open.length > 0 && html`<section><h2 class="over">${tn(open.length, "One open alert", "{n} open alerts")}</h2><${AlertRows} alerts=${open.slice(0, SHOWN)} />${open.length > SHOWN && html`<p class="table-foot"><a href=${link("/alerts")}>${t("All open alerts")}</a></p>`}</section>`}
      ${wrong.length > 0 && html`<section><h2 class="over">${t("What is wrong")}</h2><ul class="alert-rows">${wrong.slice(0, SHOWN).map((row) => html`<li key=${row.id} class="alert-row"><div class="what"><a class="name" href=${link(`/services/${row.id}`)}>${row.name}</a>${row.last_error && html`<p class="muted small"><${Said} text=${row.last_error} /></p>`}</div><${Status} state=${stateOf(row)} since=${moment(row.status_changed_at)} /></li>`)}</ul>${wrong.length > SHOWN && html`<p class="table-foot"><a href=${link("/services", { status: "down,slow,unknown" })}>${t("All {n}", { n: grouped(wrong.length) })}</a></p>`}</section>`}
      <${Coverage} /></div>
      <div class="stack"><${Duty} /><${ComingMaintenance} /><${Figures} /></div>
    </div>`;
}

/** The answer to the one question, in a sentence whose numbers lead to what they count. */
function Verdict() {
  const counts = facets.value.state;
  const said = ORDER.filter((state) => counts[state] && state !== "RED").map((state) => `${grouped(counts[state])} ${STATES[state].word.toLowerCase()}`);
  const untold = (openAlerts.data.value ?? []).filter((alert) => alert.told === "none" && !alert.suppressed_by).length;
  const heard = untold ? tn(untold, "Nobody was told of one alert.", "Nobody was told of {n} alerts.") : firing.value ? t("Somebody was told of every open alert.") : "";
  const taken = (openAlerts.data.value ?? []).filter((alert) => alert.status === "acknowledged");
  const acknowledged = taken.length ? tn(taken.length, "{who} acknowledged one.", "{n} of them are acknowledged.", { who: taken[0].acknowledged_by }) : "";
  const first = counts.RED ? tn(counts.RED, "One service is down", "{n} services are down") : t("Nothing is down");
  const state = ["RED", "UNKNOWN", "YELLOW"].find((each) => counts[each]) ?? "GREEN";
  return html`<p class="verdict"><${Status} state=${state} word=${false} /> <a href=${link("/services", counts.RED ? { status: "down" } : {})}>${first}</a>${said.length ? `, ${listed(said)}. ` : ". "}${heard && html`<a href=${link("/alerts")}>${heard}</a>`}${acknowledged && ` ${acknowledged}`}</p>`;
}
