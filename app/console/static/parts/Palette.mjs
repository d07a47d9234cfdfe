// Search and do: screens, services and acts by a few letters.

import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../vendor/ui.mjs";
import { ranked } from "../lib/ranking.mjs";
import { stateOf, titled } from "../lib/states.mjs";
import { t } from "../lib/words.mjs";
import { openAlerts } from "../store/alerts.mjs";
import { go, link } from "../store/route.mjs";
import { may, signOut } from "../store/session.mjs";
import { rowOf, services } from "../store/services.mjs";
import { nextTheme, setView, view } from "../store/view.mjs";
import { openModal } from "./Dialog.mjs";
import { destinations } from "./Frame.mjs";
import { Icon } from "./Icon.mjs";
import { Severity, Status } from "./Status.mjs";

const MOST = 30;

function choices(exists) {
  const screens = destinations(exists).flatMap(([, entries]) => entries).map(([path, title, icon]) => ({ text: title, kind: t("Screen"), icon, run: () => go(link(path)) }));
  const acts = [
    may("services:write") && { text: t("New service"), kind: t("Do"), icon: "plus", run: () => go(link("/services/new")) },
    { text: t("Change the theme"), kind: t("Do"), icon: "contrast", run: nextTheme },
    { text: view.peek().utc ? t("Switch to local time") : t("Switch to UTC"), kind: t("Do"), icon: "clock", run: () => setView({ utc: !view.peek().utc }) },
    { text: t("Sign out"), kind: t("Do"), icon: "forward", run: signOut },
  ].filter(Boolean);
  const alerts = (openAlerts.data.value ?? []).map((alert) => ({ text: `${alert.service_name}: ${titled(alert)}`, kind: t("Alert"), mark: () => html`<${Severity} severity=${alert.severity} />`, run: () => go(link(`/alerts/${alert.id}`)) }));
  const watched = (services.data.value ?? []).map((id) => rowOf(id)?.peek()).filter(Boolean).map((row) => ({ text: row.name, kind: t("Service"), mark: () => html`<${Status} state=${stateOf(row)} word=${false} />`, run: () => go(link(`/services/${row.id}`)) }));
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
  const all = useMemo(() => choices(exists), [services.data.value, openAlerts.data.value]);
  const found = useMemo(() => ranked(all, text, (choice) => choice.text, MOST), [all, text]);
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
