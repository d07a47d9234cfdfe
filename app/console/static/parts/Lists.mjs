// Controls of forms that hold several values: tags, lists of texts, names with values.

import { html, useState } from "../vendor/ui.mjs";
import { t } from "../lib/words.mjs";
import { Icon } from "./Icon.mjs";

/** Tags in a box: Enter or a comma adds one, Backspace takes the last one out. */
export function TagsControl({ id, value, set, aria, label, suggestions = [] }) {
  const [text, setText] = useState("");
  const tags = value ?? [];
  const add = (said) => {
    const added = said.split(",").map((each) => each.trim()).filter((each) => each && !tags.includes(each));
    if (added.length) set([...tags, ...added]);
    setText("");
  };
  const keys = (event) => {
    if (event.key === "Enter" && text.trim()) {
      event.preventDefault();
      add(text);
    } else if (event.key === "Backspace" && !text && tags.length) set(tags.slice(0, -1));
  };
  const typing = (event) => (event.target.value.includes(",") ? add(event.target.value) : setText(event.target.value));
  return html`<div class="tag-box">
    ${tags.map((tag) => html`<span key=${tag} class="chip">${tag}<button type="button" aria-label=${t("Remove {tag} from {label}", { tag, label })} onClick=${() => set(tags.filter((each) => each !== tag))}><${Icon} name="close" /></button></span>`)}
    <input id=${id} value=${text} list=${suggestions.length ? `${id}-list` : null} autocomplete="off" placeholder=${tags.length ? "" : t("add…")} onInput=${typing} onKeyDown=${keys} onBlur=${() => add(text)} ...${aria} />
    ${suggestions.length > 0 && html`<datalist id=${`${id}-list`}>${suggestions.map((each) => html`<option key=${each} value=${each} />`)}</datalist>`}
  </div>`;
}

/** Texts, one a line, each with a button to take it out. */
export function ListControl({ id, value, set, aria, label, placeholder }) {
  const lines = value?.length ? value : [""];
  const change = (at, text) => set(lines.map((each, index) => (index === at ? text : each)));
  return html`<div class="rows-of">
    ${lines.map((line, at) => html`<div key=${at} class="line single">
      <input id=${at ? null : id} aria-label=${at ? t("{label}, line {n}", { label, n: at + 1 }) : null} value=${line} placeholder=${placeholder} onInput=${(event) => change(at, event.target.value)} spellcheck=${false} ...${aria} />
      <button type="button" class="button quiet icon-only" aria-label=${t("Remove line {n} of {label}", { n: at + 1, label })} onClick=${() => set(lines.filter((_, index) => index !== at))}><${Icon} name="close" /></button>
    </div>`)}
    <div><button type="button" class="button quiet" onClick=${() => set([...lines, ""])}><${Icon} name="plus" />${t("Add a line")}</button></div>
  </div>`;
}

/** Names with values, e.g. headers. Lines without a name count for nothing. */
export function MapControl({ id, value, set, aria, label, names = [t("Name"), t("Value")] }) {
  const [lines, setLines] = useState(() => {
    const given = Object.entries(value ?? {});
    return given.length ? given : [["", ""]];
  });
  const take = (changed) => {
    setLines(changed);
    const found = changed.filter(([name]) => name.trim());
    set(found.length ? Object.fromEntries(found.map(([name, each]) => [name.trim(), each])) : undefined);
  };
  const change = (at, part, text) =>
    take(lines.map((line, index) => (index === at ? (part ? [line[0], text] : [text, line[1]]) : line)));
  return html`<div class="rows-of">
    ${lines.map(([name, each], at) => html`<div key=${at} class="line">
      <input id=${at ? null : id} aria-label=${at ? t("{label}, name {n}", { label, n: at + 1 }) : null} placeholder=${names[0]} value=${name} onInput=${(event) => change(at, 0, event.target.value)} spellcheck=${false} ...${aria} />
      <input aria-label=${t("{label}, value {n}", { label, n: at + 1 })} placeholder=${names[1]} value=${each} onInput=${(event) => change(at, 1, event.target.value)} spellcheck=${false} />
      <button type="button" class="button quiet icon-only" aria-label=${t("Remove line {n} of {label}", { n: at + 1, label })} onClick=${() => take(lines.filter((_, index) => index !== at))}><${Icon} name="close" /></button>
    </div>`)}
    <div><button type="button" class="button quiet" onClick=${() => setLines([...lines, ["", ""]])}><${Icon} name="plus" />${t("Add a line")}</button></div>
  </div>`;
}
