// General settings of the organization, its members and their invitations, its teams.

import { html, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { day, moment } from "../lib/time.mjs";
import { t, tn } from "../lib/words.mjs";
import { useForm } from "../store/form.mjs";
import { kept, useResource } from "../store/resource.mjs";
import { load, may, session, signOut, whyNot } from "../store/session.mjs";
import { say } from "../store/toasts.mjs";
import { zone } from "../store/view.mjs";
import { Dialog } from "./Dialog.mjs";
import { Field } from "./Field.mjs";
import { Form } from "./Form.mjs";
import { Button, Copy, Empty, Facts, Loaded } from "./Page.mjs";
import { DeleteButton, PlainTable, SavedChoice, perform } from "./Plain.mjs";

/** Roles, least first, with what each may do. */
const ROLES = [["viewer", t("Viewer: reads")], ["responder", t("Responder: also acknowledges and resolves")], ["editor", t("Editor: also writes services, rules, channels")], ["admin", t("Admin: also members, keys, settings")], ["owner", t("Owner: everything")]];

/** Name, time zone, plan; and the end of it all. */
export function General() {
  const found = useResource((signal) => api.get("/organization", {}, signal));
  return html`<${Loaded} of=${found}>${(organization) => html`<div class="columns"><section class="card"><h2>${t("Settings")}</h2><${Settings} organization=${organization} reload=${found.reload} /></section>
    <div class="stack"><section class="card"><h2>${t("Plan")}</h2><${Facts} rows=${[[t("Plan"), organization.plan_type], [t("Services"), organization.max_services === null ? t("{n}, without a limit", { n: organization.services_count }) : t("{n} of {most}", { n: organization.services_count, most: organization.max_services })], [t("Since"), day(moment(organization.created_at), zone.value, 0)]]} /></section>
    ${session.value?.role === "owner" && html`<section class="card"><h2>${t("End it")}</h2><p class="muted">${t("Services, history, members: everything of the organization goes.")}</p><div class="actions"><${DeleteButton} name=${organization.name} typed=${organization.slug} act=${() => api.send("DELETE", "/organization", { body: { slug: organization.slug } }).then(signOut)}>${t("Delete the organization")}<//></div></section>`}</div></div>`}<//>`;
}

function Settings({ organization, reload }) {
  const form = useForm({ initial: { name: organization.name, timezone: organization.timezone }, save: (values) => api.patch("/organization", values) });
  const saved = () => {
    say(t("Saved."));
    reload();
    load().catch(() => {}); // its name and its months stand elsewhere too
  };
  return html`<${Form} form=${form} needs="organization:write" onSaved=${saved}><${Field} form=${form} path="name" label=${t("Name")} required /><${Field} form=${form} path="timezone" label=${t("Time zone")} help=${t("Of reports and of days.")} /><//>`;
}

/** Who belongs to it, and who is invited. */
export function Members() {
  const [inviting, invite] = useState(false);
  const found = useResource(async (signal) => {
    const [members, invitations] = await Promise.all([api.all("/members", {}, { signal }), may("members:write") ? api.all("/invitations", {}, { signal }).catch(() => []) : []]);
    return { members, invitations };
  });
  return html`<div class="toolbar"><span class="spread"></span><${Button} kind="primary" icon="plus" needs="members:write" onClick=${() => invite(true)}>${t("Invite somebody")}<//></div>
    <${Loaded} of=${found}>${({ members, invitations }) => html`<div class="stack"><${PlainTable} label=${t("Members")} rows=${members} columns=${memberColumns(members, found.reload)} idOf=${(each) => each.user_id} />
      ${invitations.length > 0 && html`<section><h2>${t("Invited")}</h2><${PlainTable} label=${t("Invitations")} rows=${invitations} columns=${invitationColumns(found.reload)} /></section>`}</div>`}<//>
    ${inviting && html`<${Invite} onClose=${() => invite(false)} reload=${found.reload} />`}`;
}

const memberColumns = (members, reload) => [
  { title: t("Name"), cell: (each) => html`<strong>${each.full_name}</strong><br /><span class="muted small">${each.email}</span>` },
  { title: t("Role"), cell: (each) => html`<${SavedChoice} aria-label=${t("Role of {name}", { name: each.full_name })} disabled=${Boolean(whyNot("members:write"))} title=${whyNot("members:write")} value=${each.role} options=${ROLES.map(([role]) => [role, role])} save=${(role) => perform(() => api.patch(`/members/${each.user_id}`, { role }), t("{name} is {role} now.", { name: each.full_name, role }), reload)} />` },
  { title: t("Second factor"), cell: (each) => (each.two_factor_enabled ? t("on") : html`<span class="muted">${t("off")}</span>`), extra: true },
  { title: t("Since"), cell: (each) => day(moment(each.joined_at), zone.value, 0), extra: true },
  { title: "", right: true, cell: (each) => html`<${Remove} member=${each} members=${members} reload=${reload} />` },
];

/** Somebody who stands in schedules or policies is removed with a successor. */
function Remove({ member, members, reload }) {
  const [blocked, setBlocked] = useState(null);
  const [successor, setSuccessor] = useState("");
  const remove = async () => {
    try {
      await api.remove(`/members/${member.user_id}`, successor ? { replace_with: successor } : {});
      setBlocked(null);
      say(t("{name} is no longer a member.", { name: member.full_name }));
      reload();
    } catch (error) {
      if (error.status !== 409 || successor) throw error;
      setBlocked(error.message);
    }
  };
  const others = members.filter((each) => each.user_id !== member.user_id && each.status !== "invited");
  return html`<${DeleteButton} name=${member.full_name} verb=${t("Remove")} needs="members:write" consequence=${t("Their sessions and keys of this organization end at once.")} act=${remove} />
    ${blocked && html`<${Dialog} title=${t("Who takes over from {name}?", { name: member.full_name })} onClose=${() => setBlocked(null)} foot=${html`<${Button} kind="danger sure" disabled=${successor ? null : t("Choose somebody")} onClick=${() => perform(remove)}>${t("Hand over and remove")}<//>`}><p>${blocked}</p>
      <select aria-label=${t("Successor")} onChange=${(event) => setSuccessor(event.target.value)}><option value="">${t("Choose…")}</option>${others.map((each) => html`<option key=${each.user_id} value=${each.user_id}>${each.full_name}</option>`)}</select><//>`}`;
}

const invitationColumns = (reload) => [
  { title: t("Address"), cell: (each) => each.email },
  { title: t("Role"), cell: (each) => each.role },
  { title: t("Good until"), cell: (each) => day(moment(each.expires_at), zone.value, 0), extra: true },
  { title: "", right: true, cell: (each) => html`<${DeleteButton} name=${each.email} verb=${t("Withdraw")} needs="members:write" act=${() => api.remove(`/invitations/${each.id}`).then(reload)} />` },
];

function Invite({ onClose, reload }) {
  const [made, setMade] = useState(null);
  const form = useForm({ initial: { email: "", role: "editor" }, save: (values, create) => create("/members", values) });
  const saved = (answer) => {
    setMade(answer);
    reload();
  };
  const address = made?.invite_url;
  return html`<${Dialog} title=${t("Invite somebody")} onClose=${onClose}>${made ? html`<p>${t("{email} is invited as {role}. They belong to it once they accept.", made)}</p>${address && html`<p class="mono clip" title=${address}>${address}</p><div class="actions"><${Copy} text=${address} kind="primary">${t("Copy the link")}<//></div>`}` : html`<${Form} form=${form} verb=${t("Invite")} onSaved=${saved} onCancel=${onClose}>
    <${Field} form=${form} path="email" label=${t("E-mail address")} kind="email" autocomplete="off" required /><${Field} form=${form} path="role" label=${t("Role")} kind="select" options=${ROLES} /><//>`}<//>`;
}

/** Groups that an escalation level can tell together. */
export function Teams() {
  const [making, make] = useState(false);
  const found = useResource(async (signal) => {
    const [teams, members] = await Promise.all([api.all("/teams", {}, { signal }), api.all("/members", {}, { signal })]);
    const people = await Promise.all(teams.map((team) => api.get(`/teams/${team.id}/members`, {}, signal)));
    return { members, teams: teams.map((team, at) => ({ ...team, people: people[at] })) };
  });
  const add = html`<${Button} kind="primary" icon="plus" needs="teams:write" onClick=${() => make(true)}>${t("New team")}<//>`;
  return html`<div class="toolbar"><span class="spread"></span>${add}</div><${Loaded} of=${found}>${({ teams, members }) => (kept(teams).length ? html`<div class="cards">${kept(teams).map((team) => html`<${Team} key=${team.id} team=${team} members=${members} reload=${found.reload} />`)}</div>` : html`<${Empty} title=${t("No team yet")} action=${add}>${t("An escalation level can tell all people of a team at once.")}<//>`)}<//>
    ${making && html`<${NewTeam} onClose=${() => make(false)} reload=${found.reload} />`}`;
}

function NewTeam({ onClose, reload }) {
  const form = useForm({ initial: { name: "", description: "" }, save: (values, create) => create("/teams", values) });
  const saved = () => {
    onClose();
    reload();
  };
  return html`<${Dialog} title=${t("New team")} onClose=${onClose}><${Form} form=${form} onSaved=${saved} onCancel=${onClose}><${Field} form=${form} path="name" label=${t("Name")} required /><${Field} form=${form} path="description" label=${t("Description")} optional /><//><//>`;
}

function Team({ team, members, reload }) {
  const rest = members.filter((each) => each.status !== "invited" && !team.people.some((one) => one.user_id === each.user_id));
  const add = (event) => event.target.value && perform(() => api.post(`/teams/${team.id}/members`, { user_id: event.target.value }), null, reload);
  const remove = (person) => perform(() => api.remove(`/teams/${team.id}/members/${person.user_id}`), null, reload);
  return html`<article class="card" aria-label=${team.name}><div class="card-head"><h2>${team.name}</h2><span class="muted small">${tn(team.people.length, "1 person", "{n} people")}</span></div>
    <ul class="lines">${team.people.map((person) => html`<li key=${person.user_id}><span>${person.full_name}</span><${Button} kind="quiet" needs="teams:write" onClick=${() => remove(person)}>${t("Take out")}<//></li>`)}</ul>
    <select aria-label=${t("Add somebody to {name}", team)} disabled=${!rest.length || Boolean(whyNot("teams:write"))} onChange=${add}><option value="">${t("Add somebody…")}</option>${rest.map((each) => html`<option key=${each.user_id} value=${each.user_id}>${each.full_name}</option>`)}</select>
    <div class="actions"><${DeleteButton} name=${team.name} needs="teams:write" path=${`/teams/${team.id}`} id=${team.id} hasUsers /></div></article>`;
}
