// Services in groups that say their worst state, and as tiles of which thousands fit on a screen.

import { html, useRef, useState } from "../vendor/ui.mjs";
import { ORDER, STATES, rank, stateOf } from "../lib/states.mjs";
import { grouped, t } from "../lib/words.mjs";
import { link } from "../store/route.mjs";
import { changes, rowOf } from "../store/services.mjs";
import { Shape } from "./Status.mjs";

const OPEN_BELOW = 200;
const NAMES = {
  tag: (row) => (row.tags.length ? row.tags : [t("no tag")]),
  env: (row) => [row.environment || t("no environment")],
  type: (row) => [row.check_type],
  status: (row) => [STATES[stateOf(row)].word],
};

/** Ids by group, worst group first; `children(ids, name)` draws a group that is open. */
export function ServiceGroups({ ids, by, children }) {
  changes.value;
  const read = NAMES[by] ?? NAMES.tag;
  const groups = new Map();
  for (const id of ids) {
    for (const name of read(rowOf(id).peek())) {
      if (!groups.has(name)) groups.set(name, []);
      groups.get(name).push(id);
    }
  }
  const worst = (members) => members.reduce((least, id) => Math.min(least, rank(stateOf(rowOf(id).peek()))), Infinity);
  const sorted = [...groups].sort(([a, first], [b, second]) => worst(first) - worst(second) || (a < b ? -1 : 1));
  return sorted.map(([name, members]) => html`<${Group} key=${name} name=${name} ids=${members} open=${ids.length < OPEN_BELOW || worst(members) < rank("GREEN")} draw=${children} />`);
}

function Group({ name, ids, open: first, draw }) {
  const [open, setOpen] = useState(first);
  const counts = Object.groupBy(ids, (id) => stateOf(rowOf(id).peek()));
  return html`<details class="service-group" open=${open} onToggle=${(event) => setOpen(event.target.open)}>
    <summary><h2>${name}</h2>${ORDER.filter((state) => counts[state]).map((state) => html`<span key=${state} class="muted small"><${Shape} state=${state} /> ${grouped(counts[state].length)} ${STATES[state].word}</span>`)}</summary>
    ${open && draw(ids, name)}
  </details>`;
}

/** A square for each service, with its shape. One tab stop; arrows move, as in a grid. Without `links` they lead nowhere. */
export function Tiles({ ids, large = false, links = true }) {
  const box = useRef(null);
  const keys = (event) => {
    const tiles = [...box.current.querySelectorAll("a")];
    const at = tiles.indexOf(document.activeElement);
    const across = tiles.findIndex((tile) => tile.offsetTop > tiles[0].offsetTop);
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across < 0 ? 0 : across, ArrowUp: across < 0 ? 0 : -across }[event.key];
    if (at < 0 || step === undefined) return;
    event.preventDefault();
    tiles[Math.max(0, Math.min(tiles.length - 1, at + step))].focus();
  };
  return html`<ul class=${`service-tiles${large ? " large" : ""}`} ref=${box} onKeyDown=${keys} aria-label=${t("Services")}>${ids.map((id, at) => html`<${Tile} key=${id} id=${id} first=${at === 0} large=${large} links=${links} />`)}</ul>`;
}

function Tile({ id, first, large, links }) {
  const row = rowOf(id)?.value;
  if (!row) return null;
  const state = stateOf(row);
  const said = `${row.name}, ${STATES[state].word}`;
  const inside = html`<${Shape} state=${state} />${large && html`<span class="clip">${row.name}</span>`}`;
  const classes = `service-tile ${STATES[state].name}`;
  if (!links) return html`<li><span class=${classes} title=${said}>${inside}<span class="only-read">${STATES[state].word}</span></span></li>`;
  return html`<li><a class=${classes} href=${link(`/services/${id}`)} tabindex=${first ? 0 : -1} title=${said} aria-label=${said}>${inside}</a></li>`;
}
