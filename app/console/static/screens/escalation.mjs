// Escalation: who is told next while nobody answers; and what would happen if an alert fired now.

import { html, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { clock, moment } from "../lib/time.mjs";
import { listed, t, tn } from "../lib/words.mjs";
import { Dialog } from "../parts/Dialog.mjs";
import { Button, ButtonLink, Empty, Loaded, Page } from "../parts/Page.mjs";
import { DeleteButton, perform } from "../parts/Plain.mjs";
import { KINDS, delay, loadPolicies, nameOf } from "../store/escalation.mjs";
import { kept, useResource } from "../store/resource.mjs";
import { link } from "../store/route.mjs";
import { zone } from "../store/view.mjs";

export default function Escalation() {
  const found = useResource(loadPolicies);
  const add = html`<${ButtonLink} kind="primary" icon="plus" needs="escalation_policies:write" href=${link("/escalation/new")}>${t("New policy")}<//>`;
  const empty = html`<${Empty} title=${t("Nobody is told a second time")} action=${add}>${t("A policy tells the next person while nobody acknowledges: at once the one on call, after 10 minutes the team, after 30 everybody.")}<//>`;
  return html`<${Page} title=${t("Escalation")} actions=${add}><${Loaded} of=${found}>${({ policies, names }) => (kept(policies).length ? html`<div class="cards wide-cards">${kept(policies).map((each) => html`<${Policy} key=${each.id} policy=${each} names=${names} reload=${found.reload} />`)}</div>` : empty)}<//><//>`;
}

function Policy({ policy, names, reload }) {
  const [simulated, setSimulated] = useState(null);
  const simulate = async () => setSimulated((await perform(() => api.post(`/escalation-policies/${policy.id}/simulate`, {}))) ?? null);
  const standard = () => perform(() => api.patch(`/escalation-policies/${policy.id}`, { is_default: true }), t("{name} is used wherever nothing else is named.", policy), reload);
  return html`<article class="card" aria-label=${policy.name}>
    <div class="card-head"><h2>${policy.name} ${policy.is_default && html`<span class="chip">${t("default")}</span>`}</h2></div>
    <ol class="levels">${policy.rules.map((rule, at) => html`<li key=${at}><span class="muted">${delay(rule.delay_minutes)}</span><span>${KINDS.find(([kind]) => kind === rule.notify_type)[1]} <strong>${nameOf(names, rule)}</strong></span></li>`)}
      ${policy.repeat_count > 0 && html`<li class="muted"><span></span><span>${tn(policy.repeat_count, "and all of it once more", "and all of it {n} times more")}</span></li>`}</ol>
    <div class="actions"><${Button} needs="escalation_policies:read" icon="play" onClick=${simulate}>${t("If an alert fired now…")}<//>
      <${ButtonLink} icon="edit" needs="escalation_policies:write" href=${link(`/escalation/${policy.id}`)}>${t("Edit")}<//>
      ${!policy.is_default && html`<${Button} kind="quiet" needs="escalation_policies:write" onClick=${standard}>${t("Make it the default")}<//>`}
      <${DeleteButton} name=${policy.name} needs="escalation_policies:write" path=${`/escalation-policies/${policy.id}`} id=${policy.id} hasUsers /></div>
    ${simulated && html`<${Dialog} title=${t("If an alert fired now")} onClose=${() => setSimulated(null)}><ol class="levels">${simulated.map((each, at) => html`<li key=${at}><span class="muted">${clock(moment(each.at), zone.value)}</span><span>${each.name}: ${each.recipients.length ? listed(each.recipients) : html`<strong class="slow">${t("reaches nobody and is skipped")}</strong>`}</span></li>`)}</ol><//>`}
  </article>`;
}
