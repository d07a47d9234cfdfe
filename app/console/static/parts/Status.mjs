// State, severity and time: the smallest parts, used on every screen.

import { html } from "../vendor/ui.mjs";
import { SEVERITIES, STATES } from "../lib/states.mjs";
import { ago, exact, inSentence, pieces, span, whole } from "../lib/time.mjs";
import { sentence, t } from "../lib/words.mjs";
import { now, zone } from "../store/view.mjs";

const SHAPES = {
  up: html`<circle cx="8" cy="8" r="5" />`,
  slow: html`<path d="M8 2.5 14 13H2z" />`,
  down: html`<path d="M2.5 5 5 2.5l3 3 3-3L13.5 5l-3 3 3 3-2.5 2.5-3-3-3 3L2.5 11l3-3z" />`,
  waiting: html`<circle class="hollow" cx="8" cy="8" r="4.3" />`,
  unknown: html`<path class="hollow" d="M8 2.2 13.8 8 8 13.8 2.2 8z" /><path class="hollow" d="M6.7 6.9c0-1.7 2.7-1.7 2.7 0 0 1-1.4 1-1.4 2M8 10.8v.01" />`,
  paused: html`<path d="M4 3h3v10H4zM9 3h3v10H9z" />`,
  maintenance: html`<path class="hollow" d="M3 3h10v10H3z" /><path d="M3 3h5v10H3z" />`,
};

/** The shape of a state; with `word`, the word beside it. */
export function Status({ state, word = true, since = null }) {
  const { name, word: said } = STATES[state];
  return html`<span class=${`status ${name}`}>
    <svg class="shape" viewBox="0 0 16 16" role=${word ? null : "img"} aria-label=${word ? null : said} aria-hidden=${word ? "true" : null}>${SHAPES[name]}</svg>
    ${word && html`<span>${said}${since !== null && html`${" "}<${For} since=${since} />`}</span>`}
  </span>`;
}

/** The shape alone, inside another drawing that has a name. */
export function Shape({ state }) {
  const { name } = STATES[state];
  return html`<svg class=${`shape ${name}`} viewBox="0 0 16 16" aria-hidden="true">${SHAPES[name]}</svg>`;
}

/** Three, two or one diamond. */
export function Severity({ severity, word = false }) {
  const { marks, word: said } = SEVERITIES[severity];
  return html`<span class=${`severity ${severity}`}>
    <svg class="shape wide" viewBox="0 0 30 16" role=${word ? null : "img"} aria-label=${word ? null : said} aria-hidden=${word ? "true" : null}>
      ${[0, 1, 2].map((at) => html`<path class=${at < marks ? "" : "hollow"} d=${`M${5 + at * 10} 3.5 ${9.5 + at * 10} 8 ${5 + at * 10} 12.5 ${0.5 + at * 10} 8z`} />`)}
    </svg>${word && html`<span>${said}</span>`}
  </span>`;
}

/** "3 min ago", exact on hover, focus and for machines. `at` is in milliseconds; `near` is said instead of "just now". */
export function Ago({ at, none = t("never"), near }) {
  if (at === null || at === undefined || Number.isNaN(at)) return html`<span class="muted">${none}</span>`;
  const said = whole(at, zone.value);
  return html`<time class="when" datetime=${new Date(at).toISOString()} title=${said}>${ago(at, now.value, near)}</time>`;
}

/** How long something has been so: "4 min". */
export function For({ since }) {
  const said = t("since {moment}", { moment: exact(since, zone.value) });
  return html`<time class="when" datetime=${new Date(since).toISOString()} title=${said}>${span((now.value - since) / 1000)}</time>`;
}

/** A moment written out, by `write(at, zone, now)` of lib/time. */
export function Moment({ at, write }) {
  const said = whole(at, zone.value);
  return html`<time class="when" datetime=${new Date(at).toISOString()} title=${said}>${write(at, zone.value, now.value)}</time>`;
}

/** A sentence of the server, the moments in it as the viewer's clock shows them; `as` finishes it. */
export function Said({ text, as = sentence }) {
  return pieces(as(text)).map((piece, at) => (typeof piece === "number" ? html`<${Moment} key=${at} at=${piece} write=${inSentence} />` : piece));
}

const WIDTH = 3;
const GAP = 1;
const HEIGHT = 18;

/** The last checks as bars of different heights, newest right. `beats` are states, oldest first. */
export function Bars({ beats, room = 30 }) {
  const shown = beats.slice(-room);
  const missing = Array.from({ length: room - shown.length }, (_, at) => `M${at * (WIDTH + GAP)} ${HEIGHT - 2}h${WIDTH}v2h-${WIDTH}z`);
  const paths = missing.length ? { none: missing.join("") } : {};
  shown.forEach((state, index) => {
    const { name, bar } = STATES[state] ?? STATES.UNKNOWN;
    const height = Math.max(2, Math.round(bar * HEIGHT));
    const x = (room - shown.length + index) * (WIDTH + GAP);
    paths[name] = `${paths[name] ?? ""}M${x} ${HEIGHT - height}h${WIDTH}v${height}h-${WIDTH}z`;
  });
  const failed = shown.filter((state) => state === "RED").length;
  const latest = shown.length ? STATES[shown.at(-1)]?.word : t("none yet");
  const said = t("last {n} checks: {failed} failed, latest {latest}", { n: shown.length, failed, latest });
  const width = room * (WIDTH + GAP) - GAP;
  return html`<svg class="bars" viewBox=${`0 0 ${width} ${HEIGHT}`} width=${width} height=${HEIGHT} role="img" aria-label=${said}>
    ${Object.entries(paths).map(([name, path]) => html`<path key=${name} class=${name} d=${path} />`)}
  </svg>`;
}
