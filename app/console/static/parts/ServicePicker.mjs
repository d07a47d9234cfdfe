// A choice of services: those chosen as chips, the others found by typing.

import { html, useEffect, useState } from "../vendor/ui.mjs";
import { t } from "../lib/words.mjs";
import { nameOf, services } from "../store/services.mjs";
import { Icon } from "./Icon.mjs";

const SHOWN = 8;

/** A control of a field whose value is a list of service ids; `bare` where the chosen ones are listed elsewhere. */
export function ServicePicker({ id, value, set, aria, label, bare = false }) {
  const [text, setText] = useState("");
  useEffect(() => {
    if (services.data.peek() === undefined) services.reload();
  }, []);
  const all = services.data.value ?? [];
  const chosen = value ?? [];
  const said = text.trim().toLowerCase();
  const found = said ? all.filter((each) => !chosen.includes(each) && nameOf(each).toLowerCase().includes(said)) : [];
  const add = (each) => {
    set([...chosen, each]);
    setText("");
  };
  const keys = (event) => {
    if (event.key === "Enter" && said) {
      event.preventDefault();
      if (found.length) add(found[0]);
    } else if (event.key === "Backspace" && !bare && !text && chosen.length) set(chosen.slice(0, -1));
  };
  return html`<div><div class="tag-box">
    ${!bare && chosen.map((each) => html`<span key=${each} class="chip">${nameOf(each)}<button type="button" aria-label=${t("Remove {tag} from {label}", { tag: nameOf(each), label })} onClick=${() => set(chosen.filter((one) => one !== each))}><${Icon} name="close" /></button></span>`)}
    <input id=${id} value=${text} autocomplete="off" placeholder=${chosen.length && !bare ? "" : t("type a name…")} onInput=${(event) => setText(event.target.value)} onKeyDown=${keys} ...${aria} />
  </div>
  <p class="only-read" role="status">${said ? t("{n} services match", { n: found.length }) : ""}</p>
  ${said && html`<div class="found">${found.slice(0, SHOWN).map((each) => html`<button key=${each} type="button" class="button" onClick=${() => add(each)}><${Icon} name="plus" />${nameOf(each)}</button>`)}
    ${!found.length && html`<span class="muted">${t("No service is called so.")}</span>`}${found.length > SHOWN && html`<span class="muted">${t("and {n} more", { n: found.length - SHOWN })}</span>`}</div>`}</div>`;
}
