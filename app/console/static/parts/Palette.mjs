// Search and do: screens, services and acts by a few letters.

import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { ranked } from "../lib/ranking.mjs";
import { maintenanceOf, verbOf } from "../lib/requests.mjs";
import { stateOf, titled } from "../lib/states.mjs";
import { span } from "../lib/time.mjs";
import { t } from "../lib/words.mjs";
import { openAlerts } from "../store/alerts.mjs";
import { go, link } from "../store/route.mjs";
import { may, signOut } from "../store/session.mjs";
import { rowOf, services } from "../store/services.mjs";
import { say, sayError } from "../store/toasts.mjs";
import { nextTheme, setView, view } from "../store/view.mjs";
import { openModal } from "./Dialog.mjs";
import { destinations } from "./Frame.mjs";
import { Icon } from "./Icon.mjs";
import { checkNow, setActive } from "./ServiceActs.mjs";
import { Severity, Status } from "./Status.mjs";

const MOST = 30;
// What is done with a service: its words, whether it can be, and how.
const WITH_SERVICE = {
  pause: { words: (name) => t("Pause {name}", { name }), needs: "services:write", fits: (row) => row.is_active, run: (id) => setActive([id], false) },
  resume: { words: (name) => t("Resume {name}", { name }), needs: "services:write", fits: (row) => !row.is_active, run: (id) => setActive([id], true) },
  check: { words: (name) => t("Check {name} now", { name }), needs: "services:check", fits: () => true, run: (id) => checkNow([id]) },
};

const rows = () => (services.data.value ?? []).map((id) => rowOf(id)?.peek()).filter(Boolean);

/** What a sentence asks for: to do something with a service, or maintenance of a tag. */
function asked(text) {
  const wanted = verbOf(text);
  if (wanted) {
    const { words, needs, fits, run } = WITH_SERVICE[wanted.verb];
    if (!may(needs)) return [];
    return ranked(rows().filter(fits), wanted.rest, (row) => row.name, MOST).map((row) => ({ text: words(row.name), kind: t("Do"), mark: () => html`<${Status} state=${stateOf(row)} word=${false} />`, run: () => run(row.id) }));
  }
  const silence = maintenanceOf(text);
  if (!silence || !may("maintenance_windows:write")) return [];
  const { tag, minutes } = silence;
  const said = { tag, span: span(minutes * 60) };
  const run = () => api.post("/maintenance-windows/now", { tags: [tag], minutes }).then(() => say(t("Services with the tag {tag} are in maintenance for {span}.", said)), sayError);
  return [{ text: t("Maintenance of services with the tag {tag} for {span}", said), kind: t("Do"), icon: "maintenance", run }];
}

const people = (one) => ({ text: one.full_name, kind: t("Person"), icon: "person", run: () => go(link("/organization", { tab: "members" })) });
const job = (one) => ({ text: one.name, kind: t("Heartbeat"), icon: "heartbeats", run: () => go(link(`/heartbeats/${one.id}`)) });

/** Heartbeats and people, read when the palette opens. */
async function named() {
  const [jobs, members] = await Promise.all(["/heartbeats", "/members"].map((path) => api.all(path).catch(() => [])));
  return [...jobs.map(job), ...members.filter((each) => each.status !== "invited").map(people)];
}

function choices(exists) {
  const screens = destinations(exists).flatMap(([, entries]) => entries).map(([path, title, icon]) => ({ text: title, kind: t("Screen"), icon, run: () => go(link(path)) }));
  const acts = [
    may("services:write") && { text: t("New service"), kind: t("Do"), icon: "plus", run: () => go(link("/services/new")) },
    may("services:write") && { text: t("Practise an outage"), kind: t("Do"), icon: "play", run: () => go(link("/welcome", { step: 2 })) },
    may("maintenance_windows:write") && { text: t("Plan maintenance"), kind: t("Do"), icon: "maintenance", run: () => go(link("/maintenance/new")) },
    may("members:write") && { text: t("Invite somebody"), kind: t("Do"), icon: "person", run: () => go(link("/organization", { tab: "members" })) },
    { text: t("Who is on call"), kind: t("Do"), icon: "on-call", run: () => go(link("/on-call")) },
    { text: t("Change the theme"), kind: t("Do"), icon: "contrast", run: nextTheme },
    { text: view.peek().utc ? t("Switch to local time") : t("Switch to UTC"), kind: t("Do"), icon: "clock", run: () => setView({ utc: !view.peek().utc }) },
    { text: t("Sign out"), kind: t("Do"), icon: "forward", run: signOut },
  ].filter(Boolean);
  const alerts = (openAlerts.data.value ?? []).map((alert) => ({ text: `${alert.service_name}: ${titled(alert)}`, kind: t("Alert"), mark: () => html`<${Severity} severity=${alert.severity} />`, run: () => go(link(`/alerts/${alert.id}`)) }));
  const watched = rows().map((row) => ({ text: row.name, kind: t("Service"), mark: () => html`<${Status} state=${stateOf(row)} word=${false} />`, run: () => go(link(`/services/${row.id}`)) }));
  return [...screens, ...acts, ...alerts, ...watched];
}

/** The palette, open as long as it is drawn. */
export default function Palette({ exists, onClose }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const box = useRef(null);
  useLayoutEffect(() => openModal(box.current), []);
  useEffect(() => {
    if (services.data.peek() === undefined) services.reload();
  }, []);
  const [others, setOthers] = useState([]);
  useEffect(() => {
    let isOpen = true;
    named().then((found) => isOpen && setOthers(found));
    return () => (isOpen = false);
  }, []);
  const all = useMemo(() => [...choices(exists), ...others], [services.data.value, openAlerts.data.value, others]);
  const found = useMemo(() => [...asked(text), ...ranked(all, text, (choice) => choice.text, MOST)], [all, text]);
  const chosen = Math.min(at, found.length - 1);
  useEffect(() => box.current.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" }), [chosen]);
  const run = (choice) => {
    onClose();
    choice?.run();
  };
  const keys = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length) setAt((chosen + step + found.length) % found.length);
    else if (event.key === "Enter") run(found[chosen]);
    else return;
    event.preventDefault();
  };
  const type = (event) => {
    setText(event.target.value);
    setAt(0);
  };
  return html`<dialog class="palette" ref=${box} aria-label=${t("Search or do something")} onCancel=${onClose} onPointerDown=${(event) => event.target === box.current && onClose()}>
    <div class="ask"><${Icon} name="search" /><input autofocus role="combobox" aria-expanded="true" aria-controls="palette-list" aria-activedescendant=${found.length ? `choice-${chosen}` : null} aria-label=${t("Search or do something")} placeholder=${t("A service, a screen, something to do…")} value=${text} onInput=${type} onKeyDown=${keys} spellcheck=${false} autocomplete="off" /></div>
    <div role="listbox" id="palette-list" aria-label=${t("What was found")}>
      ${found.map((choice, index) => html`<div key=${index} id=${`choice-${index}`} role="option" aria-selected=${index === chosen ? "true" : "false"} onClick=${() => run(choice)} onPointerMove=${() => index !== chosen && setAt(index)}>
        ${choice.mark?.() ?? html`<${Icon} name=${choice.icon} />`}<span class="clip">${choice.text}</span><span class="kind">${choice.kind}</span></div>`)}
    </div>
    ${!found.length && html`<p role="status">${t("Nothing of that name.")}</p>`}
  </dialog>`;
}
