// The sections of a status page: which services they hold, in which order, under which names.

import { html, useState } from "../vendor/ui.mjs";
import { DISPLAYS, SECTION_RULES, sectionOf } from "../lib/pages.mjs";
import { grouped, t, tn } from "../lib/words.mjs";
import { facets, nameOf } from "../store/services.mjs";
import { Field } from "./Field.mjs";
import { Section } from "./Form.mjs";
import { Icon } from "./Icon.mjs";
import { Button } from "./Page.mjs";
import { ServicePicker } from "./ServicePicker.mjs";
import { Sortable } from "./Sortable.mjs";

const MANY = 60;

export function Sections({ form }) {
  const sections = form.get("sections");
  const set = (changed) => form.set("sections", changed);
  const called = (section) => (section.name.trim() ? t("the section {name}", { name: section.name.trim() }) : t("the section without a name"));
  return html`<fieldset class="bare stack"><legend><strong>${t("Sections")}</strong></legend>
    ${sections.length === 0 && html`<p class="muted">${t("A page without sections shows incidents and maintenance only.")}</p>`}
    <${Sortable} items=${sections} keyOf=${(section) => section.key} nameOf=${called} onMove=${set}>${(section, at, tools) => html`<div class="card form">
      <div class="card-head"><strong>${t("Section {n}", { n: at + 1 })}</strong><div class="actions">${tools}<${Button} kind="quiet icon-only" icon="trash" aria-label=${t("Remove {name}", { name: called(section) })} onClick=${() => set(sections.filter((each) => each !== section))} /></div></div>
      <${OneSection} form=${form} at=${at} section=${section} />
    </div>`}<//>
    <div><${Button} icon="plus" onClick=${() => set([...sections, sectionOf()])}>${t("Add a section")}<//></div>
  </fieldset>`;
}

function OneSection({ form, at, section }) {
  const path = (name) => `sections.${at}.${name}`;
  return html`<${Field} form=${form} path=${path("name")} label=${t("Name of the section")} />
    <${Field} form=${form} path=${path("service_ids")} label=${t("Services")} control=${(props) => html`<${ServicePicker} ...${props} bare />`} optional />
    <${ChosenServices} ids=${section.service_ids} set=${(ids) => form.set(path("service_ids"), ids)} />
    <${Field} form=${form} path=${path("tags")} label=${t("And services with one of these tags")} kind="tags" suggestions=${Object.keys(facets.value.tag)} optional help=${t("A service that gets such a tag later joins by itself.")} />
    <${Section} title=${t("How it is shown")} hint=${section.display === "rolled" ? t("one line") : t("a line each")}>
      <${Field} form=${form} path=${path("description")} label=${t("Description")} optional />
      <${Field} form=${form} path=${path("display")} label=${t("Show")} kind="select" options=${DISPLAYS} />
      ${section.display === "rolled" && html`<div class="pair"><${Field} form=${form} path=${path("rule")} label=${t("It works while")} kind="select" options=${SECTION_RULES} />${section.rule === "percentage" && html`<${Field} form=${form} path=${path("required_percentage")} label=${t("Percent that must work")} kind="number" unit="%" min=${1} max=${100} />`}</div>`}
      <${Field} form=${form} path=${path("collapsed")} label=${t("Folded while nothing in it is wrong")} kind="switch" />
    <//>`;
}

/** The services chosen by hand, in their order on the page. */
function ChosenServices({ ids, set }) {
  const [all, showAll] = useState(false);
  if (!ids.length) return null;
  const shown = all ? ids : ids.slice(0, MANY);
  return html`<${Sortable} class="rows" items=${shown} keyOf=${(id) => id} nameOf=${nameOf} onMove=${(moved) => set([...moved, ...ids.slice(shown.length)])}>${(id, _, tools) => html`<span class="name">${nameOf(id)}</span><span class="tools">${tools}<button type="button" class="button quiet icon-only" aria-label=${t("Take {name} off the page", { name: nameOf(id) })} onClick=${() => set(ids.filter((each) => each !== id))}><${Icon} name="close" /></button></span>`}<//>
    ${shown.length < ids.length && html`<div><${Button} kind="quiet" onClick=${() => showAll(true)}>${t("Show the other {n}", { n: grouped(ids.length - shown.length) })}<//></div>`}`;
}

/** Public names and texts of the services that the page would show (`shown` of its preview). */
export function PublicNames({ form, shown }) {
  const [said, say] = useState("");
  const named = form.get("services");
  const count = Object.values(named).filter((each) => each.name || each.description).length;
  const wanted = shown.filter((each) => each.name.toLowerCase().includes(said.trim().toLowerCase()));
  return html`<${Section} title=${t("Public names")} hint=${count ? tn(count, "one service is called otherwise", "{n} services are called otherwise") : t("as they are called here")}>
    ${shown.length > 10 && html`<label class="field"><span class="label">${t("Find a service")}</span><input value=${said} onInput=${(event) => say(event.target.value)} /></label>`}
    ${wanted.slice(0, 20).map((each) => html`<div key=${each.id} class="pair"><${Field} form=${form} path=${`services.${each.id}.name`} label=${t("Public name of {name}", { name: each.name })} placeholder=${each.name} optional /><${Field} form=${form} path=${`services.${each.id}.description`} label=${t("Public text of {name}", { name: each.name })} optional /></div>`)}
    ${!shown.length && html`<p class="muted">${t("The page shows no service yet.")}</p>`}
    ${wanted.length > 20 && html`<p class="muted">${t("and {n} more", { n: wanted.length - 20 })}</p>`}
  <//>`;
}
