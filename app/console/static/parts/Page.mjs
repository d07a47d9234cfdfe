// What every screen is made of: a head with its one h1, and the states of what it shows.

import { html, useEffect, useRef, useState } from "../vendor/ui.mjs";
import { againWords } from "../api.mjs";
import { clock } from "../lib/time.mjs";
import { sentence, t, tn } from "../lib/words.mjs";
import { kept } from "../store/resource.mjs";
import { link, windowTitle } from "../store/route.mjs";
import { now, zone } from "../store/view.mjs";
import { whyNot } from "../store/session.mjs";
import { Connection, Mark } from "./Frame.mjs";
import { Icon } from "./Icon.mjs";
import { Said } from "./Status.mjs";

/** A screen: title (also of the window), what can be done (`actions`), and the content. */
export function Page({ title, lead, actions, back, narrow = false, children }) {
  const heading = useRef(null);
  useEffect(() => {
    // After a navigation the focus is at the new heading, as after loading a page.
    if (document.activeElement === document.body) heading.current?.focus({ preventScroll: true });
  }, []);
  useEffect(() => {
    windowTitle.value = title;
  }, [title]);
  return html`<div class=${`page${narrow ? " narrow" : ""}`}>
    <header class="page-head">
      <div class="page-title">
        ${back && html`<a class="back" href=${link(back.path)}><${Icon} name="back" />${back.title}</a>`}
        <h1 tabindex="-1" ref=${heading}>${title}</h1>
        ${lead && html`<p class="lead">${lead}</p>`}
      </div>
      ${actions && html`<div class="actions">${actions}</div>`}
    </header>
    ${children}
  </div>`;
}

/** The page of people who are not signed in: a card in the middle; `below` stands under it. */
export function Entry({ title, lead, below, children }) {
  useEffect(() => {
    windowTitle.value = title;
  }, [title]);
  return html`<main class="entry">
    <a class="brand" href="/" aria-label=${t("AlertifyPro, home")}><${Mark} /><span>AlertifyPro</span></a>
    <${Connection} /><div><div class="card"><h1 tabindex="-1">${title}</h1>${lead && html`<p class="lead">${lead}</p>`}${children}</div>
    ${below && html`<p class="below">${below}</p>`}</div>
  </main>`;
}

const SOON_MS = 150;

/**
 * A button. With `needs` (a permission) it stays visible but says why it may not be used. Where
 * `onClick` returns a promise, a second press does nothing before that is settled.
 */
export function Button({ kind = "", icon, needs, busy = false, disabled = null, onClick, children, ...rest }) {
  const [waiting, wait] = useState(false);
  const pending = useRef(false);
  const reason = (needs && whyNot(needs)) || (typeof disabled === "string" ? disabled : null);
  const off = Boolean(reason || disabled || busy || waiting);
  const press = async (event) => {
    if (off || pending.current) return event.preventDefault();
    const begun = onClick?.(event);
    if (typeof begun?.then !== "function") return undefined;
    pending.current = true;
    const timer = setTimeout(() => wait(true), SOON_MS);
    try {
      await begun;
    } finally {
      clearTimeout(timer);
      pending.current = false;
      wait(false);
    }
    return undefined;
  };
  return html`<button type="button" class=${`button ${kind}`} aria-disabled=${off ? "true" : null} aria-busy=${busy || waiting ? "true" : null} title=${reason} onClick=${press} ...${rest}>
    ${icon && html`<${Icon} name=${icon} />`}${children}
  </button>`;
}

/** A link that looks like a button; without the permission it is a button that says why. */
export function ButtonLink({ kind = "", icon, needs, href, shortcut = null, children }) {
  if (needs && whyNot(needs)) return html`<${Button} kind=${kind} icon=${icon} needs=${needs}>${children}<//>`;
  return html`<a class=${`button ${kind}`} href=${href} data-shortcut=${shortcut}>${icon && html`<${Icon} name=${icon} />`}${children}</a>`;
}

/** Nothing for 150 ms, then the outline of what will come. */
export function Skeleton({ rows = 6 }) {
  const [shown, show] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => show(true), 150);
    return () => clearTimeout(timer);
  }, []);
  const lines = Array.from({ length: rows }, (_, index) => html`<div key=${index} class="bone" />`);
  return html`<div class="skeleton" aria-busy="true" aria-label=${t("Loading")} role="status">${shown && lines}</div>`;
}

/** What could not be read or done, in the API's words, and what to do about it. */
export function Failure({ error, retry }) {
  const [title, hint] = explain(error, Boolean(retry));
  return html`<section class="notice failed" role="alert">
    <${Icon} name="warning" />
    <div>
      <strong>${title}</strong>
      <p><${Said} text=${error.message} />${hint && ` ${hint}`}${error.retryAt && html` <span aria-live="off">${againWords(error, now.value)}</span>`}</p>
      <div class="actions">
        ${retry && error.status !== 403 && html`<${Button} onClick=${retry}>${t("Try again")}<//>`}
        ${error.requestId && html`<${Copy} text=${error.requestId}>${t("Copy request id")}<//>`}
      </div>
    </div>
  </section>`;
}

/** What is read is read again by itself (store/resource); what somebody sent is theirs to send. */
function explain(error, isRead) {
  const again = isRead ? t("It is tried again by itself.") : error.isUnsure ? t("What you have typed is still here.") : t("What you have typed is still here: send it again.");
  switch (error.status) {
    case 0: return [t("Not connected"), again];
    case 403: return [t("Not allowed"), ""];
    case 404: return [t("Not found"), t("It may have been deleted, or belong to another organization.")];
    case 429: return [t("Too many requests"), isRead ? again : t("What you have typed is still here.")];
    case 502: case 504: return [t("The server does not answer"), again];
    case 503: return [t("The server is busy or its database is away"), again];
    default: return [t("That did not work"), ""];
  }
}

/**
 * The content of a screen from a resource (store/resource): skeleton, failure, empty, or the
 * children, a function of the data. Data that is there stays while it is read again or fails.
 */
export function Loaded({ of, rows, empty, children }) {
  const data = of.data.value;
  const error = of.error.value;
  if (data === undefined) {
    return error ? html`<${Failure} error=${error} retry=${of.reload} />` : html`<${Skeleton} rows=${rows} />`;
  }
  const stale = error && html`<p class="stale" role="status">${t("Not up to date: this is the state of {clock}. {why}", { clock: clock(of.at.value, zone.value, true), why: sentence(error.message) })}</p>`;
  const shown = Array.isArray(data) ? kept(data) : data;
  const nothing = empty && Array.isArray(shown) && !shown.length;
  return html`<div class=${error && now.value - of.at.value > 60_000 ? "dimmed" : null}>${stale}${nothing ? empty : children(shown)}</div>`;
}

/** Nothing yet: what this is for, one thing to do, one example. */
export function Empty({ title, children, action }) {
  return html`<section class="empty">
    <h2>${title}</h2>
    <p>${children}</p>
    ${action && html`<div class="actions">${action}</div>`}
  </section>`;
}

/** A button that copies a text and says so. */
export function Copy({ text, children, kind = "quiet" }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    await navigator.clipboard?.writeText(text);
    setDone(true);
    setTimeout(() => setDone(false), 2000);
  };
  return html`<${Button} kind=${kind} icon=${done ? "check" : "copy"} onClick=${copy}>${done ? t("Copied") : (children ?? t("Copy"))}<//>`;
}

/** Tabs whose choice stands in the address. `tabs`: [{id, title, href, count}]. */
export function Tabs({ label, tabs, current }) {
  return html`<nav class="tabs" aria-label=${label}>
    ${tabs.map((tab) => html`<a key=${tab.id} href=${tab.href} aria-current=${tab.id === current ? "page" : null}>${tab.title}${tab.count ? html` <span class="count">${tab.count}</span>` : null}</a>`)}
  </nav>`;
}

/** Names beside values. `rows`: [[name, value]]; rows without a value are left out. */
export function Facts({ rows }) {
  const known = rows.filter(([, value]) => value !== null && value !== undefined && value !== false && value !== "");
  return html`<dl class="facts">${known.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${typeof value === "string" ? html`<${Long} text=${value} />` : value}</dd></div>`)}</dl>`;
}

// A little more than what is shown is shown whole: a button takes as much room as it would save.
const LONG = 360;
const SHOWN = 200;

/** A text of any length; of one that would fill a screen the beginning, and a button that shows all of it. */
export function Long({ text }) {
  const [whole, show] = useState(false);
  if (text.length <= LONG) return text;
  const signs = Array.from(text); // half a sign is none
  const toggle = () => show(!whole);
  return html`${whole ? text : `${signs.slice(0, SHOWN).join("")}…`} <button type="button" class="button quiet" aria-expanded=${whole ? "true" : "false"} onClick=${toggle}>${whole ? t("Show less") : tn(signs.length, "Show the character", "Show all {n} characters")}</button>`;
}

/** Tags of something, each a chip. */
export function Tags({ tags }) {
  return tags.map((tag) => html`<span key=${tag} class="chip">${tag}</span>`);
}
