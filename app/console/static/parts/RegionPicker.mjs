// A choice of where a service is checked from: this server, locations by their names, other workers.

import { html, useState } from "../vendor/ui.mjs";
import { t } from "../lib/words.mjs";
import { Icon } from "./Icon.mjs";

const HERE = "default";

/** A control of a field whose value is a list of regions; `locations`: [{region, name}]. */
export function RegionPicker({ id, value, set, aria, label, locations }) {
  const [text, setText] = useState("");
  const chosen = value ?? [];
  const named = [[HERE, t("This server")], ...locations.map((each) => [each.region, each.name])];
  const others = chosen.filter((region) => !named.some(([known]) => known === region)).map((region) => [region, region]);
  const toggle = (region) => set(chosen.includes(region) ? chosen.filter((each) => each !== region) : [...chosen, region]);
  const add = () => {
    const region = text.trim();
    if (region && !chosen.includes(region)) set([...chosen, region]);
    setText("");
  };
  const keys = (event) => {
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    add();
  };
  return html`<div class="choices" role="group" aria-label=${label}>
    ${[...named, ...others].map(([region, name]) => html`<label key=${region} class="choice"><input type="checkbox" checked=${chosen.includes(region)} onChange=${() => toggle(region)} /><span>${name}${name !== region && html` <span class="mono muted">${region}</span>`}</span></label>`)}
    <div class="beside"><input id=${id} value=${text} placeholder=${t("another region…")} autocomplete="off" spellcheck=${false} onInput=${(event) => setText(event.target.value)} onKeyDown=${keys} onBlur=${add} ...${aria} />
      <button type="button" class="button" onClick=${add}><${Icon} name="plus" />${t("Add")}</button></div>
  </div>`;
}

/** Regions in words, locations by their names. */
export function regionNames(regions, locations) {
  return regions.map((region) => (region === HERE ? t("this server") : (locations.find((each) => each.region === region)?.name ?? region))).join(", ");
}
