// Fields made from a JSON schema: what a check type or a channel type says about its config.

import { html } from "../vendor/ui.mjs";
import { controlOf, labelOf, writeValue } from "../lib/forms.mjs";
import { sentence, t } from "../lib/words.mjs";
import { Field } from "./Field.mjs";
import { Icon } from "./Icon.mjs";

/** Fields of a schema's properties at a path of a form; `only` chooses and orders them. */
export function SchemaForm({ form, path, schema, only = Object.keys(schema.properties ?? {}) }) {
  const required = new Set(schema.required ?? []);
  return only
    .filter((name) => schema.properties[name])
    .map((name) => html`<${Property} key=${name} form=${form} path=${`${path}.${name}`} name=${name} schema=${schema.properties[name]} required=${required.has(name)} />`);
}

function Property({ form, path, name, schema, required }) {
  const kind = controlOf(schema);
  const label = labelOf(name);
  if (kind === "group") return html`<${Group} form=${form} path=${path} label=${label} schema=${schema} />`;
  if (kind === "items") return html`<${Items} form=${form} path=${path} label=${label} schema=${schema} />`;
  const usual = schema.default;
  const example = schema.examples?.[0];
  const hint = usual === undefined || typeof usual === "boolean" ? "" : ` ${t("Usually {value}.", { value: writeValue(usual) })}`;
  const shared = {
    form, path, label, kind,
    help: schema.description ? `${sentence(schema.description)}${hint}` : null,
    required: required && usual === undefined && kind !== "switch",
    optional: !required && kind !== "switch" && kind !== "select",
    placeholder: kind === "list" ? example?.[0] : writeValue(usual ?? example),
  };
  if (kind === "select") {
    const options = schema.enum.map((value) => [value, value]);
    shared.options = usual === undefined ? [[undefined, required ? t("choose…") : t("none")], ...options] : options;
  }
  if (kind === "switch" || kind === "select") return html`<${WithDefault} usual=${usual} ...${shared} />`;
  if (kind === "secret") shared.generate = schema["x-generate"];
  return html`<${Field} ...${shared} />`;
}

/** What is not set shows its default. */
function WithDefault({ usual, form, path, ...rest }) {
  const shown = { ...form, get: (asked) => form.get(asked) ?? usual };
  return html`<${Field} form=${shown} path=${path} ...${rest} />`;
}

function Group({ form, path, label, schema }) {
  const value = form.get(path);
  const usual = () => Object.fromEntries(Object.keys(schema.properties).map((name) => [name, schema.properties[name].default]));
  if (value === undefined || value === null) {
    return html`<div><button type="button" class="button quiet" onClick=${() => form.set(path, usual())}><${Icon} name="plus" />${label}</button></div>`;
  }
  return html`<fieldset class="group"><legend>${label}</legend>
    <${SchemaForm} form=${form} path=${path} schema=${schema} />
    <div><button type="button" class="button quiet" onClick=${() => form.set(path, undefined)}><${Icon} name="close" />${t("Remove")}</button></div>
  </fieldset>`;
}

function Items({ form, path, label, schema }) {
  const items = form.get(path) ?? [];
  const change = (changed) => form.set(path, changed.length ? changed : undefined);
  const fresh = () =>
    Object.fromEntries(Object.entries(schema.items.properties).flatMap(([name, each]) => (each.default === undefined ? [] : [[name, each.default]])));
  const move = (at, by) => {
    const moved = [...items];
    [moved[at], moved[at + by]] = [moved[at + by], moved[at]];
    change(moved);
  };
  return html`<div class="field"><span class="label">${label}</span>
    ${schema.description && html`<span class="help">${sentence(schema.description)}</span>`}
    ${items.map((_, at) => html`<fieldset key=${at} class="group"><legend>${t("{label} {n}", { label, n: at + 1 })}</legend>
      <${SchemaForm} form=${form} path=${`${path}.${at}`} schema=${schema.items} />
      <div class="actions">
        ${at > 0 && html`<button type="button" class="button quiet" onClick=${() => move(at, -1)}><${Icon} name="up" />${t("Move up")}</button>`}
        <button type="button" class="button quiet" onClick=${() => change(items.filter((__, index) => index !== at))}><${Icon} name="close" />${t("Remove")}</button>
      </div>
    </fieldset>`)}
    <div><button type="button" class="button" onClick=${() => change([...items, fresh()])}><${Icon} name="plus" />${t("Add")}</button></div>
  </div>`;
}
