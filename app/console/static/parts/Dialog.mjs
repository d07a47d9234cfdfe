// Dialogs: the browser's own, so the focus is kept inside and given back, and Esc closes.

import { html, useLayoutEffect, useRef, useState } from "../vendor/ui.mjs";
import { t } from "../lib/words.mjs";
import { Icon } from "./Icon.mjs";
import { Button, Failure } from "./Page.mjs";

/**
 * Open a dialog of the browser, with the focus at its first field where it has one; returns how to
 * close it. The focus goes back to where it was, or to the heading where that leaves the page too, as
 * a row that was deleted does. Both belong into a layout effect: other effects end after the dialog
 * has left the page, with the focus lost till then.
 */
export function openModal(dialog) {
  const before = document.activeElement;
  dialog.showModal();
  if (document.activeElement?.closest(".dialog-head")) dialog.querySelector(".dialog-body :is(input, select, textarea)")?.focus({ preventScroll: true });
  return () => {
    dialog.close();
    if (!before || before === document.body) return;
    before.focus({ preventScroll: true });
    queueMicrotask(() => {
      if (document.activeElement === document.body) document.querySelector(".page-head h1")?.focus({ preventScroll: true });
    });
  };
}

/** A dialog over the page, open as long as it is drawn. `foot` holds its buttons. Without `onClose` it stays until it has its answer. */
export function Dialog({ title, onClose, wide = false, foot, children }) {
  const box = useRef(null);
  useLayoutEffect(() => openModal(box.current), []);
  const cancel = (event) => {
    event.preventDefault();
    onClose?.();
  };
  const outside = (event) => event.target === box.current && onClose?.();
  return html`<dialog class=${wide ? "wide" : null} ref=${box} aria-label=${title} onCancel=${cancel} onPointerDown=${outside}>
    <div class="dialog-head"><h2>${title}</h2>
      ${onClose && html`<button type="button" class="button quiet icon-only" aria-label=${t("Close")} onClick=${onClose}><${Icon} name="close" /></button>`}
    </div>
    <div class="dialog-body">${children}</div>
    ${foot && html`<div class="dialog-foot">${foot}</div>`}
  </dialog>`;
}

/**
 * Ask before something that cannot be undone. The title names the thing, the children the
 * consequence; with `typed` the person writes that text first. `act` may fail: its error is shown.
 */
export function Confirm({ title, verb, act, onClose, typed, children }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  const [text, setText] = useState("");
  const sure = async () => {
    setBusy(true);
    try {
      await act();
      onClose();
    } catch (reason) {
      setError(reason);
      setBusy(false);
    }
  };
  const missing = typed && text !== String(typed) ? t("Type {typed} first", { typed }) : null;
  const foot = html`<${Button} onClick=${onClose}>${t("Cancel")}<//><${Button} kind="danger sure" busy=${busy} disabled=${missing} onClick=${sure}>${verb}<//>`;
  return html`<${Dialog} title=${title} onClose=${onClose} foot=${foot}>
    ${error && html`<${Failure} error=${error} />`}
    <div>${children}</div>
    ${typed && html`<label class="field"><span class="label">${t("Type {typed} to confirm", { typed })}</span><input value=${text} autocomplete="off" onInput=${(event) => setText(event.target.value)} /></label>`}
  <//>`;
}
