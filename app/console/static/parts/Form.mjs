// A form as a whole: what is wrong on top, fields, and its buttons at the foot. Ctrl Enter saves.

import { html, useEffect, useRef } from "../vendor/ui.mjs";
import { tn, t } from "../lib/words.mjs";
import { Icon } from "./Icon.mjs";
import { Button, Failure } from "./Page.mjs";

/**
 * A form (store/form). `onSaved(saved)` hears of success; `verb` is what the button says; with `autofocus` it
 * begins at its first field; with `conflict` (parts/Conflict) it asks where somebody else was first.
 */
export function Form({ form, conflict = null, verb = t("Save"), onSaved = () => {}, onCancel, foot, needs, kind = "primary", autofocus = false, children }) {
  const box = useRef(null);
  useEffect(() => {
    if (autofocus) box.current.querySelector("input, select, textarea")?.focus();
  }, []);
  const errors = Object.entries(form.errors.value).filter(([, said]) => said);
  const failure = form.failure.value;
  useEffect(() => {
    if (!errors.length) return;
    const wrong = box.current.querySelector('[aria-invalid="true"]');
    wrong?.closest("details:not([open])")?.setAttribute("open", "");
    wrong?.focus();
  }, [form.errors.value]);
  const submit = async (event) => {
    event?.preventDefault();
    const saved = await form.submit();
    if (saved !== undefined) onSaved(saved);
  };
  const discard = () => {
    form.reset(form.values.peek());
    form.forget();
    location.reload();
  };
  const keys = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(event);
  };
  return html`<form class="form" ref=${box} onSubmit=${submit} onKeyDown=${keys} novalidate>
    ${errors.length > 0 && html`<div class="notice failed" role="alert"><${Icon} name="warning" />
      <div><strong>${tn(errors.length, "One field needs a look", "{n} fields need a look")}</strong>
        <p>${errors.map(([, said]) => said).join(" ")}</p></div></div>`}
    ${conflict?.({ onOverwrite: submit, onDiscard: discard })}
    ${failure && !errors.length && html`<${Failure} error=${failure} />`}
    ${children}
    <div class="form-foot">
      <${Button} kind=${kind} type="submit" needs=${needs} busy=${form.busy.value}>${verb}<//>
      ${onCancel && html`<${Button} onClick=${onCancel}>${t("Cancel")}<//>`}
      ${foot}
    </div>
  </form>`;
}

/** Fields that few need, folded away; `hint` says in words what they are set to. */
export function Section({ title, hint, open = false, children }) {
  return html`<details class="section" open=${open}>
    <summary><${Icon} name="chevron" />${title}${hint && html`<span class="hint clip">${hint}</span>`}</summary>
    <div class="form">${children}</div>
  </details>`;
}
