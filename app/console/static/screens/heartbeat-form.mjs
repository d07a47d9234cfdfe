// The form of a heartbeat: when its job must report, and how late it may be.

import { html } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { intervalOf, writeInterval } from "../lib/heartbeats.mjs";
import { t } from "../lib/words.mjs";
import { conflictOf } from "../parts/Conflict.mjs";
import { Field } from "../parts/Field.mjs";
import { Form, Section } from "../parts/Form.mjs";
import { NextPings } from "../parts/Heartbeat.mjs";
import { Loaded, Page } from "../parts/Page.mjs";
import { useForm } from "../store/form.mjs";
import { useResource } from "../store/resource.mjs";
import { go, link } from "../store/route.mjs";
import { useEdits } from "../store/shared.mjs";
import { say } from "../store/toasts.mjs";
import { zone } from "../store/view.mjs";

const LIMITS = ["max_runtime_seconds", "min_duration_seconds", "max_duration_seconds", "min_interval_seconds"];
const ZONES = Intl.supportedValuesOf("timeZone");
const SEVERITIES = [["critical", t("Critical")], ["warning", t("Warning")], ["info", t("Info")]];

export default function HeartbeatForm({ id }) {
  const found = useResource(async (signal) => {
    const [stored, policies] = await Promise.all([id ? api.get(`/heartbeats/${id}`, {}, signal) : null, api.all("/escalation-policies", {}, { signal })]);
    return { stored, policies };
  }, [id]);
  const home = id ? { path: `/heartbeats/${id}`, title: t("Heartbeat") } : { path: "/heartbeats", title: t("Heartbeats") };
  return html`<${Page} title=${id ? t("Edit heartbeat") : t("New heartbeat")} back=${home} narrow><${Loaded} of=${found}>${(data) => html`<${Editor} id=${id} home=${home.path} ...${data} />`}<//><//>`;
}

const scheduleOf = (values) => (values.kind === "every" ? (Number.isInteger(values.every) && values.every > 0 ? writeInterval(values.every) : "") : values.cron.trim());

function bodyOf({ kind, every, cron, ...values }) {
  return { ...values, schedule: scheduleOf({ kind, every, cron }) };
}

function Editor({ id, home, stored, policies }) {
  const seconds = intervalOf(stored?.schedule ?? "every 1d");
  const initial = {
    name: stored?.name ?? "", description: stored?.description ?? "", tags: stored?.tags ?? [], severity: stored?.severity ?? "critical",
    kind: seconds === null ? "cron" : "every", every: seconds ?? 86_400, cron: seconds === null ? stored.schedule : "0 2 * * *",
    timezone: stored && seconds === null ? stored.timezone : zone.peek(),
    grace_period_seconds: stored?.grace_period_seconds ?? 300, escalation_policy_id: stored?.escalation_policy_id ?? null,
    ...Object.fromEntries(LIMITS.map((name) => [name, stored?.[name] ?? null])),
  };
  const edits = useEdits({ path: `/heartbeats/${id}`, stored, initial: bodyOf(initial) });
  const form = useForm({
    key: `heartbeat.${id ?? "new"}.${stored?.updated_at ?? ""}`,
    initial,
    check: (values) => ({ name: values.name.trim() ? undefined : t("Give it a name."), [values.kind]: scheduleOf(values) ? undefined : t("Say when it is expected.") }),
    save: (values, create) => (id ? edits.save(bodyOf(values)) : create("/heartbeats", bodyOf(values))),
  });
  const values = form.values.value;
  const wrong = form.errors.value.schedule;
  const saved = (heartbeat) => {
    say(id ? t("Saved.") : t("Made. Let the job call its address."));
    go(link(`/heartbeats/${heartbeat.id}`), { replace: true });
  };
  const limits = LIMITS.some((name) => values[name]);
  return html`<${Form} form=${form} conflict=${conflictOf(edits)} needs="heartbeats:write" onSaved=${saved} onCancel=${() => go(link(home))}>
    <${Field} form=${form} path="name" label=${t("Name")} placeholder=${t("Nightly backup")} />
    <${Field} form=${form} path="kind" label=${t("Expected")} kind="select" options=${[["every", t("Every …, counted from the last ping")], ["cron", t("At times of the clock (cron)")]]} />
    ${values.kind === "every" && html`<${Field} form=${form} path="every" label=${t("Every")} kind="duration" presets=${[300, 3600, 86_400]} />`}
    ${values.kind === "cron" && html`<div class="pair"><${Field} form=${form} path="cron" label=${t("Cron expression")} placeholder="0 2 * * *" help=${t("Minute, hour, day of month, month, day of week.")} />
      <${Field} form=${form} path="timezone" label=${t("Time zone")} list="zones" help=${t("Wall time holds across daylight saving.")} /></div><datalist id="zones">${ZONES.map((zone) => html`<option key=${zone} value=${zone} />`)}</datalist>`}
    ${wrong && html`<p class="wrong">${wrong}</p>`}
    <${Field} form=${form} path="grace_period_seconds" label=${t("Grace")} kind="duration" presets=${[60, 300, 3600]} help=${t("How long after its time a ping is no miss.")} />
    ${scheduleOf(values) && html`<${NextPings} schedule=${scheduleOf(values)} timezone=${values.timezone} grace=${values.grace_period_seconds ?? 0} />`}
    <${Field} form=${form} path="tags" label=${t("Tags")} kind="tags" optional />
    <${Section} title=${t("Limits of a run")} hint=${limits ? "" : t("none")} open=${limits}>
      <div class="pair"><${Field} form=${form} path="max_runtime_seconds" label=${t("A started run must end within")} kind="duration" optional placeholder="1h" help=${t("Else it is missed, whenever the next is due.")} />
      <${Field} form=${form} path="max_duration_seconds" label=${t("A run takes at most")} kind="duration" optional placeholder="30m" /></div>
      <div class="pair"><${Field} form=${form} path="min_duration_seconds" label=${t("A run takes at least")} kind="duration" optional placeholder="10s" help=${t("A backup of no time saved nothing.")} />
      <${Field} form=${form} path="min_interval_seconds" label=${t("Between two successes at least")} kind="duration" optional placeholder="1h" /></div>
    <//>
    <${Section} title=${t("Alerting")} hint=${SEVERITIES.find(([each]) => each === values.severity)[1]}>
      <${Field} form=${form} path="severity" label=${t("Severity of its alerts")} kind="select" options=${SEVERITIES} />
      <${Field} form=${form} path="escalation_policy_id" label=${t("Escalation policy")} kind="select" options=${[[null, t("The organization's own")], ...policies.map((each) => [each.id, each.name])]} />
      <${Field} form=${form} path="description" label=${t("Description")} kind="textarea" rows=${2} optional />
    <//>
  <//>`;
}
