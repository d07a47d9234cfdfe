// A list that people put in order: by dragging, by buttons, and by the arrow keys on the handle.

import { html, useEffect, useRef, useState } from "../vendor/ui.mjs";
import { t } from "../lib/words.mjs";
import { Icon } from "./Icon.mjs";

/**
 * Items in their order. `keyOf(item)` and `nameOf(item)` tell them apart, `children(item, index,
 * tools)` draws one, `tools` being its handle and buttons; `onMove(items)` hears of another order.
 */
export function Sortable({ items, keyOf, nameOf, onMove, children, class: extra = "" }) {
  const box = useRef(null);
  const focus = useRef(null);
  const [dragged, drag] = useState(null);
  const [over, hover] = useState(null);
  const [said, say] = useState("");
  useEffect(() => {
    // The row was moved in the document, and what is moved loses the focus.
    if (focus.current) box.current.querySelector(`[data-focus="${focus.current}"]`)?.focus();
    focus.current = null;
  }, [items]);
  const move = (from, to, control) => {
    if (to < 0 || to >= items.length || from === to) return;
    const changed = [...items];
    changed.splice(to, 0, ...changed.splice(from, 1));
    focus.current = control && `${keyOf(items[from])}:${control}`;
    say(t("{name} is now number {at} of {n}", { name: nameOf(items[from]), at: to + 1, n: items.length }));
    onMove(changed);
  };
  const tools = (item, at) => {
    const name = nameOf(item);
    const step = (control, by, icon, label) => html`<button type="button" class="button quiet icon-only" data-focus=${`${keyOf(item)}:${control}`} aria-label=${label} aria-disabled=${items[at + by] ? null : "true"} onClick=${() => move(at, at + by, control)}><${Icon} name=${icon} /></button>`;
    const keys = (event) => {
      const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!by) return;
      event.preventDefault();
      move(at, at + by, "handle");
    };
    return html`<button type="button" class="button quiet icon-only handle" draggable="true" data-focus=${`${keyOf(item)}:handle`} aria-label=${t("Move {name}: drag, or press the arrow keys", { name })} onKeyDown=${keys}
      onDragStart=${(event) => { event.dataTransfer.effectAllowed = "move"; event.dataTransfer.setData("text/plain", name); drag(at); event.stopPropagation(); }} onDragEnd=${() => { drag(null); hover(null); }}><${Icon} name="handle" /></button>
      ${step("up", -1, "up", t("Move {name} up", { name }))}${step("down", 1, "down", t("Move {name} down", { name }))}`;
  };
  return html`<div ref=${box}><ol class=${`sortable ${extra}`}>${items.map((item, at) => html`<li key=${keyOf(item)} class=${`${dragged === at ? "dragged" : ""} ${over === at && dragged !== null ? "target" : ""}`}
      onDragOver=${(event) => { if (dragged !== null) { event.preventDefault(); event.stopPropagation(); hover(at); } }} onDrop=${(event) => { if (dragged !== null) { event.preventDefault(); event.stopPropagation(); move(dragged, at); } }}>${children(item, at, tools(item, at))}</li>`)}</ol>
    <p class="only-read" role="status">${said}</p></div>`;
}
