// Short messages at the edge of the window. They stay six seconds at least, and while they are read.

import { html, useEffect, useRef } from "../vendor/ui.mjs";
import { t } from "../lib/words.mjs";
import { hide, takeUp, toasts } from "../store/toasts.mjs";
import { Icon } from "./Icon.mjs";

const SHOWN_MS = 6000;
const WITH_ACTION_MS = 10_000;

/** The messages that are still on the screen. */
export function Toasts() {
  const shown = toasts.value.filter((toast) => !toast.gone).slice(0, 4).reverse();
  return html`<div class="toasts" role="status" aria-live="polite">
    ${shown.map((toast) => html`<${Toast} key=${toast.id} toast=${toast} />`)}
  </div>`;
}

function Toast({ toast }) {
  const timer = useRef(0);
  const leave = () => (timer.current = setTimeout(() => hide(toast.id), toast.action || toast.kind === "failed" ? WITH_ACTION_MS : SHOWN_MS));
  const stay = () => clearTimeout(timer.current);
  useEffect(() => (leave(), stay), []);
  const act = () => {
    takeUp(toast);
    document.querySelector(".page-head h1")?.focus({ preventScroll: true }); // the button goes
  };
  return html`<div class=${`toast ${toast.kind}`} onPointerEnter=${stay} onPointerLeave=${leave} onFocusIn=${stay} onFocusOut=${leave}>
    <${Icon} name=${toast.kind === "failed" ? "warning" : "check"} /><span>${toast.text}</span>
    ${toast.action && html`<button type="button" class="button" onClick=${act}>${toast.action.label}</button>`}
    <button type="button" class="button quiet icon-only" aria-label=${t("Close")} onClick=${() => hide(toast.id)}><${Icon} name="close" /></button>
  </div>`;
}
