// The form of a maintenance window: once, or again and again, with its next times in words.

import { html, useEffect, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { DAYS, readRule } from "../lib/recurrences.mjs";
import { dayAndClock, moment, span } from "../lib/time.mjs";
import { momentOfWallTime, wallTime } from "../lib/wall-times.mjs";
import { sentence, t } from "../lib/words.mjs";
import { conflictOf } from "../parts/Conflict.mjs";
import { Field } from "../parts/Field.mjs";
import { Form } from "../parts/Form.mjs";
import { Loaded, Page } from "../parts/Page.mjs";
import { ServicePicker } from "../parts/ServicePicker.mjs";
import { useForm } from "../store/form.mjs";
import { useResource } from "../store/resource.mjs";
import { go, link, route } from "../store/route.mjs";
import { services } from "../store/services.mjs";
import { useEdits } from "../store/shared.mjs";
import { say } from "../store/toasts.mjs";
import { now, zone } from "../store/view.mjs";

export default function MaintenanceForm({ id }) {
  const found = useResource((signal) => (id ? api.get(`/maintenance-windows/${id}`, {}, signal) : Promise.resolve(null)), [id]);
  useEffect(() => {
    if (services.data.peek() === undefined) services.reload();
  }, []);
  return html`<${Page} title=${id ? t("Edit window") : t("Plan a window")} back=${{ path: "/maintenance", title: t("Maintenance") }} narrow><${Loaded} of=${found}>${(stored) => html`<${Editor} id=${id} stored=${stored} />`}<//><//>`;
}

const instant = (text, place) => {
  const at = momentOfWallTime(text, place);
  return Number.isNaN(at) ? null : new Date(at).toISOString();
};

function bodyOf(values) {
  const shared = { name: values.name, description: values.description ?? "", tags: values.tags ?? [], service_ids: values.service_ids, status_page_ids: values.status_page_ids };
  if (values.kind === "once") return { ...shared, starts_at: instant(values.starts, values.zone), ends_at: instant(values.ends, values.zone), recurrence: null, duration_minutes: null };
  const [hour, minute] = values.at.split(":").map(Number);
  const rule = values.kind === "rule" ? values.rule : `FREQ=WEEKLY;BYDAY=${values.days.join(",")};BYHOUR=${hour};BYMINUTE=${minute}`;
  return { ...shared, recurrence: rule, duration_minutes: Math.round(values.duration / 60), timezone: values.timezone, ends_at: null };
}

function Editor({ id, stored }) {
  const place = zone.peek(); // the form keeps the zone that it began in
  const soon = Math.ceil((now.peek() + 3_600_000) / 3_600_000) * 3_600_000;
  const rule = readRule(stored?.recurrence);
  const initial = {
    name: stored?.name ?? "", description: stored?.description ?? "", tags: stored?.tags ?? [], service_ids: stored?.service_ids ?? [],
    status_page_ids: stored?.status_page_ids ?? [route.peek().query.get("page")].filter(Boolean),
    kind: stored?.recurrence ? (rule ? "weekly" : "rule") : "once",
    zone: place, starts: wallTime(stored?.starts_at && !stored.recurrence ? moment(stored.starts_at) : soon, place), ends: wallTime(stored?.ends_at ? moment(stored.ends_at) : soon + 7_200_000, place),
    days: rule?.days ?? ["SU"], at: rule?.at ?? "02:00", rule: stored?.recurrence ?? "FREQ=MONTHLY;BYDAY=1SU;BYHOUR=2;BYMINUTE=0",
    duration: (stored?.duration_minutes ?? 120) * 60, timezone: stored?.timezone ?? place,
  };
  const edits = useEdits({ path: `/maintenance-windows/${id}`, stored, initial: bodyOf(initial) });
  const form = useForm({
    initial,
    check: (values) => ({ name: values.name.trim() ? undefined : t("Give it a name."), days: values.kind === "weekly" && !values.days.length ? t("Choose a day.") : undefined, ends: values.kind === "once" && values.ends <= values.starts ? t("The end is after the beginning.") : undefined }),
    save: (values, create) => (id ? edits.save(bodyOf(values)) : create("/maintenance-windows", bodyOf(values))),
  });
  const kind = form.get("kind");
  const days = form.get("days");
  const toggle = (day) => form.set("days", days.includes(day) ? days.filter((each) => each !== day) : [...days, day]);
  const saved = () => {
    say(t("Saved."));
    go(link("/maintenance"), { replace: true });
  };
  return html`<${Form} form=${form} conflict=${conflictOf(edits)} needs="maintenance_windows:write" onSaved=${saved} onCancel=${() => go(link("/maintenance"))}>
    <${Field} form=${form} path="name" label=${t("Name")} placeholder=${t("Database move")} />
    <${Field} form=${form} path="kind" label=${t("When")} kind="select" options=${[["once", t("Once")], ["weekly", t("Every week")], ["rule", t("By a rule (RFC 5545)")]]} />
    ${kind === "once" && html`<div class="pair"><${Field} form=${form} path="starts" label=${t("From")} type="datetime-local" /><${Field} form=${form} path="ends" label=${t("To")} type="datetime-local" /></div><p class="muted small">${t("Both in {zone}.", { zone: form.get("zone") })}</p>`}
    ${kind === "weekly" && html`<${Field} form=${form} path="days" label=${t("On")} control=${() => html`<div class="segmented" role="group" aria-label=${t("Days")}>${DAYS.map(([day, word]) => html`<button key=${day} type="button" class="button" aria-pressed=${days.includes(day) ? "true" : "false"} onClick=${() => toggle(day)}>${word}</button>`)}</div>`} /><${Field} form=${form} path="at" label=${t("At")} type="time" />`}
    ${kind === "rule" && html`<${Field} form=${form} path="rule" label=${t("Rule")} />`}
    ${kind !== "once" && html`<div class="pair"><${Field} form=${form} path="duration" label=${t("Lasts")} kind="duration" presets=${[1800, 3600, 7200]} /><${Field} form=${form} path="timezone" label=${t("Time zone")} help=${t("Wall time holds across daylight saving.")} /></div><${NextTimes} form=${form} />`}
    <${Field} form=${form} path="tags" label=${t("Services with one of these tags")} kind="tags" optional help=${t("Without a tag and a service it covers everything.")} />
    <${Field} form=${form} path="service_ids" label=${t("And these services")} control=${(props) => html`<${ServicePicker} ...${props} />`} optional />
    <${Field} form=${form} path="status_page_ids" label=${t("Told on these status pages")} control=${({ value, set }) => html`<${Pages} chosen=${value} set=${set} />`} optional />
    <${Field} form=${form} path="description" label=${t("Description")} kind="textarea" rows=${2} optional />
  <//>`;
}

/** The organization's status pages, each to be ticked. */
function Pages({ chosen, set }) {
  const found = useResource((signal) => api.all("/status-pages", {}, { signal }), []);
  return html`<${Loaded} of=${found} rows=${1} empty=${html`<p class="muted">${t("There is no status page yet.")}</p>`}>${(pages) => html`<div class="choices" role="group" aria-label=${t("Told on these status pages")}>${pages.map((page) => html`<label key=${page.id} class="choice"><input type="checkbox" checked=${chosen.includes(page.id)} onChange=${(event) => set(event.target.checked ? [...chosen, page.id] : chosen.filter((each) => each !== page.id))} /><span>${page.name}</span></label>`)}</div>`}<//>`;
}

/** The next times of what is in the form, asked of the server a moment after each change. */
function NextTimes({ form }) {
  const [found, setFound] = useState({ times: [] });
  const { recurrence, duration_minutes, timezone } = bodyOf(form.values.value);
  useEffect(() => {
    const timer = setTimeout(async () => {
      try {
        const preview = await api.post("/maintenance-windows/preview", { recurrence, duration_minutes, timezone });
        setFound({ times: preview.occurrences });
      } catch (error) {
        setFound({ times: [], error });
      }
    }, 400);
    return () => clearTimeout(timer);
  }, [recurrence, duration_minutes, timezone]);
  if (found.error) return html`<p class="wrong">${sentence(found.error.message)}</p>`;
  if (!found.times.length) return null;
  return html`<div class="card"><h2>${t("The next times")}</h2><ul class="lines">${found.times.slice(0, 5).map((each) => html`<li key=${each.starts_at}><span>${dayAndClock(moment(each.starts_at), zone.value, now.value)}</span><span class="muted">${t("for {span}", { span: span((moment(each.ends_at) - moment(each.starts_at)) / 1000) })}</span></li>`)}</ul></div>`;
}
