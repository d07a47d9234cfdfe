// Home: is anything wrong, and did somebody hear of it?

import { html, useEffect } from "../vendor/ui.mjs";
import { STATES, ORDER, stateOf } from "../lib/states.mjs";
import { grouped } from "../lib/numbers.mjs";
import { listed, t } from "../lib/words.mjs";
import { ButtonLink, Empty, Loaded, Page } from "../parts/Page.mjs";
import { Status } from "../parts/Status.mjs";
import { link } from "../store/route.mjs";
import { facets, rowOf, services } from "../store/services.mjs";

export default function Home() {
  useEffect(() => {
    services.reload();
  }, []);
  const action = html`<${ButtonLink} kind="primary large" needs="services:write" href=${link("/services/new")}>${t("Begin")}<//>`;
  const empty = html`<${Empty} title=${t("What shall we watch?")} action=${action}>${t("Three steps: name what to watch, say who shall hear of it, and see one outage from beginning to end.")}<//>`;
  return html`<${Page} title=${t("Home")}><${Loaded} of=${services} empty=${empty}>${(ids) => html`<${Verdict} ids=${ids} />`}<//><//>`;
}

function Verdict({ ids }) {
  const counts = facets.value.state;
  const said = ORDER.filter((state) => counts[state]).map((state) => `${grouped(counts[state])} ${STATES[state].word.toLowerCase()}`);
  const wrong = ids.map((id) => rowOf(id)?.value).filter((row) => row && ["RED", "YELLOW", "UNKNOWN"].includes(stateOf(row)));
  return html`<p class="verdict">${counts.RED ? t("Something is down: {counts}.", { counts: listed(said) }) : t("Nothing is down: {counts}.", { counts: listed(said) })}</p>
    <ul>${wrong.map((row) => html`<li key=${row.id}><${Status} state=${stateOf(row)} /> <a href=${link(`/services/${row.id}`)}>${row.name}</a></li>`)}</ul>`;
}
