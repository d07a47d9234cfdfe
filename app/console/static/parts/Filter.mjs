// The filter of a list: words and key:value, the same text as in the address; chips with counts.

import { html, useEffect, useRef, useState } from "../vendor/ui.mjs";
import { fromQuery, hasTerm, toQuery, toggleTerm } from "../lib/filters.mjs";
import { t } from "../lib/words.mjs";
import { route, setQuery } from "../store/route.mjs";
import { Icon } from "./Icon.mjs";

const NAMES = ["q", "tag", "-tag", "status", "-status", "type", "-type", "env", "-env", "severity", "-severity"];

/** The filter text that stands in the address. */
export function filterText() {
  return fromQuery(route.value.query);
}

/** Put a filter text into the address. */
export function setFilter(text) {
  const named = Object.fromEntries(toQuery(text));
  setQuery(Object.fromEntries(NAMES.map((name) => [name, named[name] ?? null])));
}

/** The field. What was typed is taken at once; Esc clears it, and then leaves it. */
export function FilterField({ placeholder, label = t("Filter") }) {
  const inAddress = filterText();
  const [text, setText] = useState(inAddress);
  const mine = useRef(inAddress);
  useEffect(() => {
    const current = fromQuery(route.peek().query); // of now: more may be typed since this was drawn
    if (current !== mine.current) setText(current); // a chip or the back button changed it
    mine.current = current;
  }, [inAddress]);
  const take = (said) => {
    setText(said);
    setFilter(said);
    mine.current = filterText();
  };
  const keys = (event) => {
    if (event.key !== "Escape") return;
    if (text) take("");
    else (document.querySelector(".page-head h1") ?? event.target).focus({ preventScroll: true });
  };
  return html`<div class="filter" role="search"><${Icon} name="filter" />
    <input type="text" value=${text} placeholder=${placeholder} aria-label=${label} aria-keyshortcuts="/" spellcheck=${false} autocomplete="off" onInput=${(event) => take(event.target.value)} onKeyDown=${keys} />
    ${text && html`<button type="button" class="button quiet icon-only" aria-label=${t("Clear the filter")} onClick=${() => take("")}><${Icon} name="close" /></button>`}
  </div>`;
}

/** A chip that puts a choice into the filter or takes it out. */
export function Facet({ name, value, children }) {
  const text = filterText();
  const on = hasTerm(text, name, value);
  return html`<button type="button" class="facet" aria-pressed=${on ? "true" : "false"} onClick=${() => setFilter(toggleTerm(text, name, value))}>${children}</button>`;
}

/** What is shown where a filter leaves nothing. */
export function NothingMatches({ hidden }) {
  return html`<section class="empty"><h2>${t("Nothing matches")}</h2>
    <p>${t("“{text}” hides all {n}.", { text: filterText(), n: hidden })}</p>
    <div class="actions"><button type="button" class="button" onClick=${() => setFilter("")}>${t("Clear the filter")}</button></div>
  </section>`;
}
