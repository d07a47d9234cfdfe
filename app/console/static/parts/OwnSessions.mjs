// Where somebody is signed in, and how they end that elsewhere.

import { html } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { agentWords } from "../lib/agents.mjs";
import { moment } from "../lib/time.mjs";
import { t } from "../lib/words.mjs";
import { useResource } from "../store/resource.mjs";
import { Button, Loaded } from "./Page.mjs";
import { perform } from "./Plain.mjs";
import { Ago } from "./Status.mjs";

/** The sessions of whoever is signed in; each but this one can be ended, or all of those. */
export function OwnSessions() {
  const found = useResource((signal) => api.get("/profile/sessions", {}, signal));
  const end = ({ id, user_agent: agent }) => perform(() => api.remove(`/profile/sessions/${id}`), t("{agent} is signed out.", { agent: agentWords(agent) }), found.reload);
  const endOthers = () => perform(() => api.remove("/profile/sessions"), t("You are signed out everywhere else."), found.reload);
  return html`<${Loaded} of=${found} rows=${2}>${(list) => html`<p class="muted">${t("Browsers and programs with your password. One that you do not know: sign it out, then change the password.")}</p>
    <ul class="lines sessions">${list.map((each) => html`<${OwnSession} key=${each.id} session=${each} end=${end} />`)}</ul>
    ${list.length > 1 && html`<div class="actions"><${Button} kind="danger" needs="session:write" onClick=${endOthers}>${t("Sign out everywhere else")}<//></div>`}`}<//>`;
}

function OwnSession({ session, end }) {
  const { is_present: isPresent, created_at: created, last_seen_at: seen, address, user_agent: agent } = session;
  const words = agentWords(agent);
  return html`<li><span><strong title=${agent}>${words}</strong>${isPresent && html` <span class="chip">${t("this one")}</span>`}<br />
      <span class="muted">${t("signed in")} <${Ago} at=${moment(created)} />${!isPresent && html` · ${t("last seen")} <${Ago} at=${moment(seen)} />`}${address && html` · ${t("from {address}", { address })}`}</span></span>
    ${!isPresent && html`<${Button} needs="session:write" aria-label=${t("Sign out {words}", { words })} onClick=${() => end(session)}>${t("Sign out")}<//>`}</li>`;
}
