// A new service, or the settings of one: three fields first, the rest folded away.

import { html, useEffect, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { asCurl, fromCurl } from "../lib/commands.mjs";
import { guess } from "../lib/endpoints.mjs";
import { MASK, secretPaths, withoutSecrets } from "../lib/forms.mjs";
import { every } from "../lib/intervals.mjs";
import { span } from "../lib/time.mjs";
import { t } from "../lib/words.mjs";
import { conflictOf } from "../parts/Conflict.mjs";
import { Field } from "../parts/Field.mjs";
import { Form, Section } from "../parts/Form.mjs";
import { Button, Copy, Loaded, Page } from "../parts/Page.mjs";
import { PlanNotice } from "../parts/PlanNotice.mjs";
import { ProbeOutcome } from "../parts/Probe.mjs";
import { RegionPicker, regionNames } from "../parts/RegionPicker.mjs";
import { SchemaForm } from "../parts/SchemaForm.mjs";
import { ServicePicker } from "../parts/ServicePicker.mjs";
import { useForm } from "../store/form.mjs";
import { useResource } from "../store/resource.mjs";
import { go, link, route } from "../store/route.mjs";
import { facets, put } from "../store/services.mjs";
import { useEdits } from "../store/shared.mjs";
import { say } from "../store/toasts.mjs";

const FIELDS = [
  "name", "endpoint", "check_type", "description", "environment", "check_interval_seconds", "timeout_seconds", "tags",
  "config", "slow_threshold_ms", "failure_threshold", "recovery_threshold", "retry_interval_seconds",
  "regions", "region_quorum", "depends_on", "escalation_policy_id",
];
const QUORUMS = [["any", t("any of them")], ["majority", t("most of them")], ["all", t("all of them")]];
const FRESH = { name: "", endpoint: "", check_type: "HTTP", description: "", environment: "", check_interval_seconds: 60, timeout_seconds: 10, tags: [], config: {}, failure_threshold: 1, recovery_threshold: 1, retry_interval_seconds: null, regions: ["default"], region_quorum: "majority", depends_on: [], escalation_policy_id: null };
const REQUEST = ["method", "headers", "body", "follow_redirects", "verify_tls", "basic_auth", "bearer_token"];

export default function ServiceForm({ id }) {
  const from = id ? null : route.value.query.get("from"); // a service to begin with
  const needed = useResource(async (signal) => {
    const read = (which) => (which ? api.get(`/services/${which}`, {}, signal) : null);
    const [types, policies, locations, service, model] = await Promise.all([api.get("/services/types", {}, signal), api.all("/escalation-policies", {}, { signal }), api.get("/locations/regions", {}, signal), read(id), read(from)]);
    return { types, policies, locations, service, model };
  }, [id, from]);
  const title = id ? t("Edit service") : t("New service");
  const back = id ? { path: `/services/${id}`, title: needed.data.value?.service?.name ?? t("Service") } : { path: "/services", title: t("Services") };
  return html`<${Page} title=${title} back=${back} narrow>${!id && html`<${PlanNotice} />`}<${Loaded} of=${needed}>${(found) => html`<${Settings} ...${found} />`}<//><//>`;
}

function Settings({ types, policies, locations, service, model }) {
  const known = service ?? model;
  const taken = known ? Object.fromEntries(FIELDS.map((name) => [name, known[name]])) : FRESH;
  const initial = model ? { ...taken, name: t("{name}, copy", model), config: withoutMasks(taken.config) } : taken;
  const [outcome, setOutcome] = useState(null);
  const [named, setNamed] = useState(Boolean(known));
  const [typed, setTyped] = useState(Boolean(known));
  const edits = useEdits({ path: `/services/${service?.id}`, stored: service, initial: cleaned(initial) });
  const form = useForm({
    initial,
    key: service ? `service.${service.id}.${service.updated_at}` : "service.new",
    secrets: types.flatMap((type) => secretPaths(type.config_schema, "config.")),
    check: ({ endpoint, name }) => ({
      endpoint: endpoint.trim() ? null : t("Write what to watch."),
      name: name.trim() ? null : t("Give it a name."),
    }),
    save: (values, create) => (service ? edits.save(cleaned(values)) : create("/services", cleaned(values))),
  });
  const values = form.values.value;
  const [patience, setPatience] = useState(form.values.peek().timeout_seconds); // as somebody chose it
  const setPace = (path, value) => {
    form.set(path, value);
    const fits = Math.min(patience, value);
    if (fits >= 1) form.set("timeout_seconds", fits); // which may not be above the interval
  };
  const type = types.find((each) => each.type === values.check_type) ?? types[0];
  useEffect(() => setOutcome(null), [values.check_type]);
  const setEndpoint = (text) => {
    const pasted = Math.abs(text.length - form.get("endpoint").length) > 1; // typing ends nowhere
    const command = pasted && fromCurl(text);
    if (command) {
      const { endpoint, config, ...more } = command;
      form.values.value = { ...form.values.peek(), ...more, endpoint, config, check_type: "HTTP", ...(named ? {} : { name: guess(endpoint).name }) };
      say(t("Taken from the curl command."));
      return;
    }
    form.set("endpoint", text);
    const found = guess(text);
    if (!found) return;
    if (!typed && found.check_type !== form.get("check_type")) {
      form.set("check_type", found.check_type);
      form.set("config", {});
    }
    if (!named) form.set("name", found.name);
  };
  const test = async () => {
    setOutcome({ busy: true });
    try {
      setOutcome({ seen: await api.post("/services/test", cleaned(form.values.peek())) });
    } catch (error) {
      setOutcome({ error });
    }
  };
  const saved = (found) => {
    put([found]);
    say(service ? t("Saved.") : t("It is being watched."));
    go(link(`/services/${found.id}`), { replace: true });
  };
  const properties = Object.keys(type.config_schema.properties ?? {});
  const isHttp = type.type === "HTTP";
  const must = isHttp ? properties.filter((name) => !REQUEST.includes(name)) : properties;
  const test_button = html`<${Button} busy=${outcome?.busy} needs="services:write" onClick=${test}>${t("Test")}<//>`;
  return html`<${Form} form=${form} conflict=${conflictOf(edits)} verb=${service ? t("Save") : t("Start watching")} needs="services:write" onSaved=${saved} onCancel=${() => history.back()} foot=${test_button}>
    <${Field} form=${{ ...form, set: (_, text) => setEndpoint(text) }} path="endpoint" kind="url" label=${t("What")} placeholder=${type.example} help=${isHttp ? t("A URL, host:port, a host name or an address; a curl command fills in the request.") : type.description} autofocus=${!service} />
    <div class="pair">
      <${Field} form=${{ ...form, set: (path, value) => (setTyped(true), form.set(path, value), form.set("config", {})) }} path="check_type" kind="select" label=${t("Check type")} options=${types.map((each) => [each.type, each.label])} />
      <${Field} form=${{ ...form, set: setPace }} path="check_interval_seconds" kind="duration" label=${t("How often")} presets=${[30, 60, 300]} help=${values.timeout_seconds < patience ? t("A check is given up after {timeout}, before the next begins.", { timeout: span(values.timeout_seconds) }) : null} />
    </div>
    <${Field} form=${{ ...form, set: (path, value) => (setNamed(true), form.set(path, value)) }} path="name" label=${t("Name")} />
    ${outcome && html`<${ProbeOutcome} outcome=${outcome} />`}
    <div>
      ${isHttp && html`<${Section} title=${t("Request")} hint=${values.config.method ?? "GET"}><${SchemaForm} key=${type.type} form=${form} path="config" schema=${type.config_schema} only=${REQUEST} /><//>`}
      ${must.length > 0 && html`<${Section} title=${isHttp ? t("What must be true") : t("Details of the check")} hint=${isHttp ? t("status {status}", { status: String(values.config.expected_status ?? "2xx") }) : ""} open=${type.config_schema.required?.length > 0}><${SchemaForm} key=${type.type} form=${form} path="config" schema=${type.config_schema} only=${must} /><//>`}
      <${Section} title=${t("Time limits")} hint=${t("slow above {ms} ms, given up after {timeout}", { ms: values.slow_threshold_ms ?? type.slow_threshold_ms, timeout: span(values.timeout_seconds) })}>
        <div class="pair"><${Field} form=${{ ...form, set: (path, value) => (setPatience(value), form.set(path, value)) }} path="timeout_seconds" kind="duration" label=${t("Timeout")} help=${t("1 to 60 seconds, not above the interval.")} />
        <${Field} form=${form} path="slow_threshold_ms" kind="number" unit="ms" label=${t("Slow above")} placeholder=${type.slow_threshold_ms} /></div><//>
      <${Section} title=${t("When it is down")} hint=${sentenceOf(values)}>
        <div class="pair"><${Field} form=${form} path="failure_threshold" kind="number" label=${t("Failures in a row before down")} help=${t("1 to 10.")} />
        <${Field} form=${form} path="recovery_threshold" kind="number" label=${t("Passes in a row before up again")} help=${t("1 to 10.")} />
        <${Field} form=${form} path="retry_interval_seconds" kind="duration" optional label=${t("Check again after")} help=${t("While a change is being confirmed; empty: the interval.")} /></div><//>
      <${Section} title=${t("Alerting")} hint=${policyName(policies, values.escalation_policy_id)}>
        <${Field} form=${form} path="escalation_policy_id" kind="select" label=${t("Escalation policy")} options=${[[null, t("the default of the organization")], ...policies.map((each) => [each.id, each.name])]} />
        <${Field} form=${form} path="depends_on" label=${t("Depends on")} optional control=${(given) => html`<${ServicePicker} ...${given} />`} help=${t("While one of these is down, an alert of this service hides behind it.")} /><//>
      <${Section} title=${t("Regions")} hint=${t("{regions}: down when {quorum} fail", { regions: regionNames(values.regions, locations), quorum: QUORUMS.find(([each]) => each === values.region_quorum)?.[1] })}>
        <${Field} form=${form} path="regions" label=${t("Checked from")} control=${(given) => html`<${RegionPicker} ...${given} locations=${locations} />`} help=${t("Locations have agents of their own; any other region needs a worker that was started for it.")} />
        <${Field} form=${form} path="region_quorum" kind="select" label=${t("Down when a failure is seen from")} options=${QUORUMS} /><//>
      <${Section} title=${t("Tags and notes")} hint=${values.tags.join(", ")}>
        <${Field} form=${form} path="tags" kind="tags" label=${t("Tags")} suggestions=${Object.keys(facets.value.tag)} optional />
        <${Field} form=${form} path="environment" label=${t("Environment")} optional />
        <${Field} form=${form} path="description" kind="textarea" label=${t("Description")} optional /><//>
      <${Section} title=${t("As JSON and as curl")}><${Written} values=${withoutSecrets(values, secretPaths(type.config_schema, "config."))} service=${service} /><//>
    </div>
  <//>`;
}

/** What the form would send, to be kept in a file or a script; secrets are left out. */
function Written({ values, service }) {
  const body = cleaned({ ...values, config: withoutMasks(values.config) });
  const text = asCurl(service ? "PATCH" : "POST", `${location.origin}/api/v1/services${service ? `/${service.id}` : ""}`, body);
  return html`<div class="snippet"><pre tabindex="0" aria-label=${t("curl command")}>${text}</pre><div class="actions"><${Copy} text=${text} kind="">${t("Copy curl")}<//><${Copy} text=${JSON.stringify(body, null, 2)} kind="">${t("Copy JSON")}<//></div></div>`;
}

/** Settings without what the API keeps to itself. */
function withoutMasks(config) {
  return JSON.parse(JSON.stringify(config ?? {}, (_, value) => (value === MASK ? undefined : value)));
}

const policyName = (policies, id) => policies.find((each) => each.id === id)?.name ?? t("the default escalation policy");

/** The thresholds as a sentence. */
function sentenceOf({ failure_threshold: failures, check_interval_seconds: interval, retry_interval_seconds: retry }) {
  if (!(failures > 1)) return typeof interval === "string" ? t("at the first failure") : t("at the first failure, checked {every}", { every: every(interval ?? 60) });
  return t("{n} failures in a row: down after about {span}", { n: failures, span: span((failures - 1) * (retry || interval)) });
}

/** A body for the API: texts trimmed, what was left empty left out. */
function cleaned(values) {
  const config = Object.fromEntries(Object.entries(values.config).filter(([, value]) => value !== "" && value !== null && value !== undefined).map(([name, value]) => [name, Array.isArray(value) ? value.filter((each) => each !== "") : value]));
  const body = { ...values, name: values.name.trim(), endpoint: values.endpoint.trim(), config };
  if (body.slow_threshold_ms === undefined) delete body.slow_threshold_ms;
  return body;
}
