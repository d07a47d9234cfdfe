// The builder of a condition: rows of metric, operator, value and over which checks; or its text.

import { html, useState } from "../vendor/ui.mjs";
import { METRICS, OPERATORS, conditionWords, fromRows, qualifierOf, testOf, toRows, withOperator, withQualifier } from "../lib/conditions.mjs";
import { readCondition, writeCondition } from "../lib/expressions.mjs";
import { durationText, parseDuration } from "../lib/forms.mjs";
import { sentence, t } from "../lib/words.mjs";
import { Icon } from "./Icon.mjs";
import { Button } from "./Page.mjs";

const COLOURS = [["RED", t("Down")], ["YELLOW", t("Slow")], ["GREEN", t("Up")]];

/** A condition of a form at `path`, as rows or as a text; each shows what the other says. */
export function ConditionField({ form, path }) {
  const condition = form.get(path);
  const [text, setText] = useState(toRows(condition) ? null : writeCondition(condition));
  const [error, setError] = useState(null);
  const rows = toRows(condition);
  const problem = form.errors.value[path] ?? error;
  const type = (said) => {
    setText(said);
    try {
      form.set(path, readCondition(said));
      setError(null);
    } catch (reason) {
      form.set(path, said); // the API says what is wrong with it
      setError(reason.message);
    }
  };
  const asRows = () => rows && setText(null);
  return html`<fieldset class="group condition"><legend>${t("When a service …")}</legend>
    <div class="segmented" role="group" aria-label=${t("How the condition is written")}>
      <${Button} aria-pressed=${text === null ? "true" : "false"} disabled=${!rows && t("This condition says more than rows can")} onClick=${asRows}>${t("Rows")}<//>
      <${Button} aria-pressed=${text === null ? "false" : "true"} onClick=${() => text === null && setText(writeCondition(condition))}>${t("Text")}<//></div>
    ${text === null && rows ? html`<${Rows} rows=${rows} onChange=${(changed) => form.set(path, fromRows(changed))} />` : html`<label class="field"><span class="label">${t("Expression or JSON")}</span>
      <textarea rows="6" class="mono" spellcheck=${false} value=${text} aria-invalid=${problem ? "true" : null} onInput=${(event) => type(event.target.value)}></textarea>
      <span class="help">${t("For example {example}", { example: 'response_time > 2000 && status_code != 200' })}</span></label>`}
    ${problem && html`<span class="wrong"><${Icon} name="warning" />${sentence(problem)}</span>`}
    ${!problem && html`<p class="muted small">${t("When a service {said}", { said: conditionWords(condition) })}</p>`}
  </fieldset>`;
}

function Rows({ rows: { joint, tests }, onChange }) {
  const put = (at, test) => onChange({ joint, tests: tests.map((each, index) => (index === at ? test : each)) });
  return html`${tests.length > 1 && html`<div class="segmented" role="group" aria-label=${t("How the rows are joined")}>${[["all", t("All of these")], ["any", t("Any of these")]].map(([id, said]) => html`<button key=${id} type="button" class="button" aria-pressed=${joint === id ? "true" : "false"} onClick=${() => onChange({ joint: id, tests })}>${said}</button>`)}</div>`}
    ${tests.map((test, at) => html`<${Row} key=${at} test=${test} number=${at + 1} onChange=${(changed) => put(at, changed)} onRemove=${tests.length > 1 ? () => onChange({ joint, tests: tests.filter((_, index) => index !== at) }) : null} />`)}
    <div><${Button} icon="plus" onClick=${() => onChange({ joint, tests: [...tests, testOf("response_time_ms")] })}>${t("Add a row")}<//></div>`;
}

function Choice({ name, value, options, onChange }) {
  return html`<select aria-label=${name} onChange=${(event) => onChange(options[event.target.selectedIndex][0])}>${options.map(([id, said]) => html`<option key=${id} selected=${id === value}>${said}</option>`)}</select>`;
}

function Figure({ name, value, unit, onChange }) {
  const take = (event) => onChange(event.target.value.trim() === "" || Number.isNaN(Number(event.target.value)) ? event.target.value : Number(event.target.value));
  return html`<span class="with-unit"><input inputmode="decimal" aria-label=${name} value=${value ?? ""} onChange=${take} />${unit && html`<span class="unit">${unit}</span>`}</span>`;
}

function Value({ test, name, onChange }) {
  const { kind, unit } = METRICS[test.metric];
  const set = (value) => onChange({ ...test, value });
  if (kind === "status" && test.operator === "in") {
    const toggle = (each) => set(test.value.includes(each) && test.value.length > 1 ? test.value.filter((one) => one !== each) : [...new Set([...test.value, each])]);
    return html`<span class="segmented" role="group" aria-label=${name}>${COLOURS.map(([each, said]) => html`<button key=${each} type="button" class="button" aria-pressed=${test.value.includes(each) ? "true" : "false"} onClick=${() => toggle(each)}>${said}</button>`)}</span>`;
  }
  if (kind === "status") return html`<${Choice} name=${name} value=${test.value} options=${COLOURS} onChange=${set} />`;
  if (kind === "fact") return html`<${Choice} name=${name} value=${test.value} options=${[[true, t("yes")], [false, t("no")]]} onChange=${set} />`;
  if (kind === "text" || test.operator === "startsWith" || Array.isArray(test.value)) return html`<input aria-label=${name} value=${[test.value].flat().join(", ")} spellcheck=${false} onChange=${(event) => set(Array.isArray(test.value) ? event.target.value.split(",").map((each) => (kind === "number" ? Number(each) : each.trim())) : event.target.value)} />`;
  return html`<${Figure} name=${name} value=${test.value} unit=${unit} onChange=${set} />`;
}

function Row({ test, number, onChange, onRemove }) {
  const metric = METRICS[test.metric];
  const known = metric.operators.includes(test.operator) ? metric.operators : [...metric.operators, test.operator];
  const named = (what) => t("{what}, row {n}", { what, n: number });
  const set = (name) => (value) => onChange({ ...test, [name]: value });
  const kind = qualifierOf(test);
  return html`<div class="condition-row">
    <${Choice} name=${named(t("Metric"))} value=${test.metric} options=${Object.entries(METRICS).map(([id, each]) => [id, each.word])} onChange=${(id) => onChange(testOf(id))} />
    <${Choice} name=${named(t("Comparison"))} value=${test.operator} options=${known.map((each) => [each, OPERATORS[each]])} onChange=${(operator) => onChange(withOperator(test, operator))} />
    <${Value} test=${test} name=${named(t("Value"))} onChange=${onChange} />
    ${metric.window ? html`<span>${t("over")}</span><${Figure} name=${named(t("Window"))} value=${test.window_minutes} unit=${t("minutes")} onChange=${set("window_minutes")} />` : !metric.only && html`<${Choice} name=${named(t("Over which checks"))} value=${kind} options=${[["none", t("at the latest check")], ["checks", t("for checks in a row")], ["seconds", t("for a time")], ["share", t("in some of the last")]]} onChange=${(chosen) => onChange(withQualifier(test, chosen))} />`}
    ${kind === "checks" && html`<${Figure} name=${named(t("Checks"))} value=${test.for_checks} unit=${t("checks")} onChange=${set("for_checks")} />`}
    ${kind === "seconds" && html`<input aria-label=${named(t("Time"))} value=${durationText(test.for_seconds)} onChange=${(event) => set("for_seconds")(parseDuration(event.target.value) ?? event.target.value)} />`}
    ${kind === "share" && html`<${Figure} name=${named(t("At least"))} value=${test.at_least} unit=${t("of")} onChange=${set("at_least")} /><${Figure} name=${named(t("Of the last"))} value=${test.of_last} unit=${t("checks")} onChange=${set("of_last")} />`}
    ${metric.slo && html`<${Figure} name=${named(t("Short window"))} value=${test.short_window_minutes} unit=${t("minutes, both")} onChange=${(value) => set("short_window_minutes")(value === "" ? null : value)} /><${Figure} name=${named(t("Target"))} value=${test.slo_target} unit=${t("% target")} onChange=${set("slo_target")} />`}
    ${onRemove && html`<button type="button" class="button quiet icon-only" aria-label=${t("Remove row {n}", { n: number })} onClick=${onRemove}><${Icon} name="close" /></button>`}
  </div>`;
}
