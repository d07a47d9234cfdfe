// A button that opens a list of things to do. Native buttons and links inside; arrows move, Esc and
// a press elsewhere close.

import { createContext, html, useContext, useLayoutEffect, useRef, useState } from "../vendor/ui.mjs";
import { whyNot } from "../store/session.mjs";
import { Icon } from "./Icon.mjs";

const Closing = createContext(() => {});

/** A menu; `label` is what the button shows, `name` its name where that is no text. */
export function Menu({ label, name, kind = "", side = "", bare = false, up = false, shortcut = null, children }) {
  const [open, setOpen] = useState(false);
  const box = useRef(null);
  const close = (back = false) => {
    setOpen(false);
    if (back) box.current?.querySelector("button")?.focus();
  };
  // At once: a key may follow the press that opens it.
  useLayoutEffect(() => {
    if (!open) return undefined;
    const outside = (event) => !box.current.contains(event.target) && close();
    box.current.querySelector(".items a, .items button")?.focus();
    addEventListener("pointerdown", outside);
    return () => removeEventListener("pointerdown", outside);
  }, [open]);
  const keys = (event) => {
    if (!open) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      close(true);
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    const items = [...box.current.querySelectorAll(".items a, .items button")];
    const step = event.key === "ArrowDown" ? 1 : items.length - 1;
    items[(items.indexOf(document.activeElement) + step) % items.length]?.focus();
  };
  const leave = (event) => event.relatedTarget && !box.current.contains(event.relatedTarget) && close();
  return html`<div class=${`menu ${side}${up ? " up" : ""}`} ref=${box} onKeyDown=${keys} onFocusOut=${leave}>
    <button type="button" class=${bare ? null : `button ${kind}`} aria-expanded=${open ? "true" : "false"} aria-label=${name} data-shortcut=${shortcut} onClick=${() => setOpen(!open)}>${label}</button>
    ${open && html`<${Closing.Provider} value=${close}><div class="items">${children}</div><//>`}
  </div>`;
}

/** A thing to do: a link (`href`; `load`: leave the console or load it anew) or an act (`onClick`). */
export function Item({ icon, href, load = false, onClick, needs, stay = false, danger = false, children }) {
  const close = useContext(Closing);
  const reason = needs && whyNot(needs);
  const act = (event) => {
    if (reason) return event.preventDefault();
    if (!stay) close(!href);
    return onClick?.(event);
  };
  const inside = html`${icon && html`<${Icon} name=${icon} />`}<span>${children}</span>`;
  if (href && !reason) return html`<a href=${href} data-load=${load ? "" : null} onClick=${act}>${inside}</a>`;
  return html`<button type="button" class=${danger ? "danger" : null} aria-disabled=${reason ? "true" : null} title=${reason} onClick=${act}>${inside}</button>`;
}
