// Fields of forms: label, control, help, and what is wrong, tied together for everybody.

import { html, useEffect, useId, useRef, useState } from "../vendor/ui.mjs";
import { MASK, WEBHOOK_SECRET, durationText, errorAt, isLeftEmpty, parseDuration, readValue, webhookSecret, writeValue } from "../lib/forms.mjs";
import { t } from "../lib/words.mjs";
import { Icon } from "./Icon.mjs";

/**
 * A field of a form (store/form) at a path. `kind`: text, email, password, url, number, duration
 * (seconds), select (`options`: [[value, label]]), switch, textarea, secret, tags, list, map, value.
 * With `control`, a function of ({id, value, set, invalid}), it draws something of its own. One that is
 * `required` says that it is missing before anything is sent.
 */
export function Field({ form, path, label, help, kind = "text", optional = false, required = false, control, ...rest }) {
  const id = useId();
  const error = errorAt(form.errors.value, path);
  const set = (value) => form.set(path, value);
  useEffect(() => {
    if (!required) return UNREAD[kind] && form.checking(path, UNREAD[kind]);
    return form.checking(path, (value) => (isLeftEmpty(value) ? t("{label} is missing.", { label }) : UNREAD[kind]?.(value)));
  }, [form, path, kind, required]);
  const described = [help && `${id}-help`].filter(Boolean).join(" ") || null;
  const aria = {
    "aria-invalid": error ? "true" : null,
    "aria-errormessage": error ? `${id}-error` : null,
    "aria-describedby": described,
  };
  const shared = { id, value: form.get(path), set, label, aria, ...rest };
  const Control = CONTROLS[kind];
  const words = html`${label}${optional && html` <span class="optional">${t("optional")}</span>`}`;
  const below = html`${help && html`<span class="help" id=${`${id}-help`}>${help}</span>`}
    ${error && html`<span class="wrong" id=${`${id}-error`}><${Icon} name="warning" />${error}</span>`}`;
  if (kind === "switch") {
    return html`<div class="field"><label class="choice" for=${id}>
      <${Switch} ...${shared} /><span>${words}</span></label>${below}</div>`;
  }
  return html`<div class="field">
    <label for=${id}>${words}</label>
    ${control ? control({ ...shared, invalid: Boolean(error) }) : html`<${Control} ...${shared} />`}
    ${below}
  </div>`;
}

const textOf = (value) => (typeof value === "string" ? value.trim() : "");
// What is said of a text that these kinds cannot read as a number; null where it is none, or they can.
const UNREAD = {
  duration: (value) => (textOf(value) && parseDuration(value) === null ? t("Write a duration, such as 30s, 5m or 1h30.") : null),
  number: (value) => (Number.isNaN(Number(textOf(value))) ? t("Write a number.") : null),
};

const typed = (set) => (event) => set(event.target.value);

function Text({ id, value, set, aria, type = "text", label, autofocus = false, ...rest }) {
  const input = useRef(null);
  useEffect(() => {
    if (autofocus) input.current.focus(); // the attribute counts only while a document loads
  }, []);
  return html`<input id=${id} ref=${input} type=${type} value=${value ?? ""} onInput=${typed(set)} spellcheck=${false} ...${aria} ...${rest} />`;
}

function Email(props) {
  return html`<${Text} type="email" autocomplete="username" inputmode="email" ...${props} />`;
}

function Url(props) {
  return html`<${Text} inputmode="url" autocapitalize="off" autocomplete="off" ...${props} />`;
}

function Password({ autocomplete = "current-password", ...props }) {
  const [shown, show] = useState(false);
  return html`<div class="beside"><${Text} ...${props} type=${shown ? "text" : "password"} autocomplete=${autocomplete} />
    <button type="button" class="button" aria-pressed=${shown ? "true" : "false"} onClick=${() => show(!shown)}>${shown ? t("Hide") : t("Show")}</button></div>`;
}

function Numeric({ id, value, set, aria, unit, min, max, placeholder }) {
  const take = (event) => {
    const text = event.target.value;
    set(text === "" ? undefined : Number.isNaN(Number(text)) ? text : Number(text));
  };
  return html`<div class="with-unit"><input id=${id} inputmode="numeric" value=${value ?? ""} placeholder=${placeholder} data-min=${min} data-max=${max} onInput=${take} ...${aria} />
    ${unit && html`<span class="unit">${unit}</span>`}</div>`;
}

function Duration({ id, value, set, aria, placeholder = "5m", presets = [] }) {
  const [text, setText] = useState(typeof value === "number" ? durationText(value) : (value ?? ""));
  const take = (said) => {
    setText(said);
    const seconds = said.trim() === "" ? null : parseDuration(said);
    set(said.trim() !== "" && seconds === null ? said : seconds);
  };
  const shown = typeof value === "number" && parseDuration(text) !== value ? durationText(value) : text; // set by another field
  return html`<div class="beside"><input id=${id} value=${shown} placeholder=${placeholder} onInput=${(event) => take(event.target.value)} ...${aria} />
    ${presets.length > 0 && html`<span class="segmented">${presets.map((seconds) => html`<button key=${seconds} type="button" class="button" aria-pressed=${value === seconds ? "true" : "false"} onClick=${() => take(durationText(seconds))}>${durationText(seconds)}</button>`)}</span>`}</div>`;
}

function Select({ id, value, set, aria, options }) {
  const take = (event) => set(options[event.target.selectedIndex][0]);
  return html`<select id=${id} onChange=${take} ...${aria}>
    ${options.map(([each, label]) => html`<option key=${String(each)} selected=${(each ?? null) === (value ?? null)}>${label}</option>`)}
  </select>`;
}

function Switch({ id, value, set, aria }) {
  return html`<input id=${id} type="checkbox" checked=${Boolean(value)} onChange=${(event) => set(event.target.checked)} ...${aria} />`;
}

function Area({ id, value, set, aria, rows = 4, placeholder }) {
  return html`<textarea id=${id} rows=${rows} placeholder=${placeholder} value=${value ?? ""} onInput=${typed(set)} spellcheck=${false} ...${aria}></textarea>`;
}

/** What is stored is never shown: "set", and a button to type another one. */
function Secret({ id, value, set, aria, placeholder, generate }) {
  const [isMade, setMade] = useState(false);
  if (value === MASK) {
    return html`<div class="beside"><input id=${id} value=${t("Set; it is not shown")} readonly ...${aria} />
      <button type="button" class="button" onClick=${() => set("")}>${t("Replace")}</button></div>`;
  }
  const shared = { id, value, set, aria, placeholder, autocomplete: "off" };
  if (generate !== WEBHOOK_SECRET) return html`<${Password} ...${shared} />`;
  const make = () => {
    set(webhookSecret());
    setMade(true); // the receiver must be told it, and it is never shown again
  };
  return html`<div class="beside">
    ${isMade ? html`<${Text} ...${shared} />` : html`<${Password} ...${shared} />`}
    <button type="button" class="button" onClick=${make}>${t("Make a key")}</button></div>`;
}

function Value({ id, value, set, aria, placeholder }) {
  const take = (event) => set(event.target.value === "" ? undefined : readValue(event.target.value));
  return html`<input id=${id} value=${writeValue(value)} placeholder=${placeholder} onChange=${take} spellcheck=${false} ...${aria} />`;
}

/** Tags in a box: Enter or a comma adds one, Backspace takes the last one out. */
function TagsControl({ id, value, set, aria, label, suggestions = [] }) {
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
function ListControl({ id, value, set, aria, label, placeholder }) {
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
function MapControl({ id, value, set, aria, label, names = [t("Name"), t("Value")] }) {
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

const CONTROLS = {
  text: Text,
  email: Email,
  url: Url,
  password: Password,
  number: Numeric,
  duration: Duration,
  select: Select,
  switch: Switch,
  textarea: Area,
  secret: Secret,
  value: Value,
  tags: TagsControl,
  list: ListControl,
  map: MapControl,
};
