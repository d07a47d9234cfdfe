// A list of any length: only the rows near the screen are in the page. One tab stop; arrows or j/k
// move, Enter opens, x selects, Shift x a range, Ctrl A all.

import { html, useEffect, useLayoutEffect, useRef, useState } from "../vendor/ui.mjs";
import { t } from "../lib/words.mjs";
import { go, note, noted } from "../store/route.mjs";
import { prefixed, view } from "../store/view.mjs";
import { Icon } from "./Icon.mjs";

const ALL_BELOW = 100;
const STEP = 4;
const MARGIN = 8;

/**
 * A table. `keys` are the ids in order; `columns`: [{id, title, width, cell(row), right, extra,
 * sort, place}], `extra` ones are left out below 960 pixels; on phones the others stand in two lines of two
 * (`place` 1 to 4); `read(key)` gives the row's signal; `href(row)` is
 * where it leads. With `selected` (a signal of a Set) rows can be chosen. `sort` is the current order ("name", "-name"),
 * `onSort(order)` changes it; `onVisible(keys)` hears which rows are on the screen; `onKey(event,
 * row)` gets the other keys. With `whole` every row is in the page, however many there are.
 */
export function Table({ label, keys, columns, read, href, selected, sort, onSort, onVisible, onKey, rowName, whole = false }) {
  const box = useRef(null);
  const [range, setRange] = useState([0, ALL_BELOW]);
  const [focus, setFocus] = useState(() => noted("row")); // where somebody who comes back was
  const anchor = useRef(null);
  const virtual = keys.length > ALL_BELOW && !whole;
  const density = view.value.density;

  useLayoutEffect(() => {
    const measure = () => {
      const height = rowHeight(box.current);
      const top = box.current.getBoundingClientRect().top;
      const first = Math.floor(Math.max(0, -top) / height) - MARGIN;
      const from = Math.max(0, first - (first % STEP));
      const to = Math.min(keys.length, from + Math.ceil(innerHeight / height) + 2 * MARGIN + STEP);
      setRange((known) => (known[0] === from && known[1] === to ? known : [from, to]));
    };
    measure();
    addEventListener("scroll", measure, { passive: true });
    addEventListener("resize", measure);
    return () => {
      removeEventListener("scroll", measure);
      removeEventListener("resize", measure);
    };
  }, [keys.length, density]);

  const [from, to] = virtual ? range : [0, keys.length];
  const shown = keys.slice(from, to);
  useEffect(() => onVisible?.(shown), [keys, from, to]);

  const current = keys.includes(focus) ? focus : keys[0];
  // The one that Tab and j lead to: on the screen, wherever the current one was scrolled to.
  const stop = shown.includes(current) ? current : shown[Math.min(shown.length - 1, from && MARGIN + STEP)];
  // A row whose properties are the same is not drawn again, so scrolling draws new rows only. Its vnode must not be
  // kept for that: it leads to the rows that stood beside it, these to theirs, and all stay in memory.
  const rows = shown.map((key, offset) => {
    const index = from + offset;
    return html`<${Row} key=${key} id=${key} row=${read(key)} columns=${columns} selected=${selected} index=${index} stop=${key === stop} last=${index === keys.length - 1} name=${rowName} />`;
  });

  const moveTo = (index) => {
    const key = keys[Math.max(0, Math.min(keys.length - 1, index))];
    setFocus(key);
    const height = rowHeight(box.current);
    const place = box.current.getBoundingClientRect().top + keys.indexOf(key) * height;
    if (place < 120 || place + height > innerHeight - 80) scrollBy(0, place - innerHeight / 2);
    requestAnimationFrame(() => requestAnimationFrame(() => box.current?.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true })));
  };
  const choose = (key, ranged) => {
    const chosen = new Set(selected.peek());
    const [start, end] = [keys.indexOf(ranged ? (anchor.current ?? key) : key), keys.indexOf(key)].sort((a, b) => a - b);
    const span = keys.slice(start, end + 1);
    const taking = ranged || !chosen.has(key);
    span.forEach((each) => (taking ? chosen.add(each) : chosen.delete(each)));
    anchor.current = key;
    selected.value = chosen;
  };
  const open = (key) => {
    note({ row: key });
    go(href(read(key).peek()));
  };
  const keyDown = (event) => {
    if (event.target.closest("input, a, button") && !["ArrowDown", "ArrowUp"].includes(event.key)) return;
    if (prefixed()) return;
    const index = keys.indexOf(current);
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: 12, PageUp: -12, Home: -Infinity, End: Infinity }[event.key];
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (step && plain) moveTo(step === Infinity ? keys.length - 1 : step === -Infinity ? 0 : index + step);
    else if (event.key === "Enter" && plain) open(current);
    else if (event.key.toLowerCase() === "x" && plain && selected) choose(current, event.shiftKey);
    else if (event.key === "a" && (event.ctrlKey || event.metaKey) && selected) selected.value = new Set(keys);
    else if (!plain || !onKey?.(event, read(current).peek())) return;
    event.preventDefault();
  };
  const press = (event) => {
    const line = event.target.closest("[data-key]");
    if (!line) return;
    if (event.target.matches("input[type=checkbox]")) {
      choose(line.dataset.key, event.shiftKey);
      return;
    }
    if (event.target.closest("a")) note({ row: line.dataset.key });
    if (event.target.closest("a, button, input") || getSelection().toString()) return;
    open(line.dataset.key);
  };
  const tracks = (some) => [selected && "1.25rem", ...some.map((column) => column.width ?? "minmax(0, 1fr)")].filter(Boolean).join(" ");
  return html`<div class="table" role="grid" aria-label=${label} aria-rowcount=${keys.length + 1} aria-multiselectable=${selected ? "true" : null} style=${{ "--columns": tracks(columns), "--narrow-columns": tracks(columns.filter((column) => !column.extra)) }}>
    <${Header} columns=${columns} keys=${keys} selected=${selected} sort=${sort} onSort=${onSort} />
    <div class="rows" role="rowgroup" ref=${box} onKeyDown=${keyDown} onClick=${press} onFocusIn=${(event) => setFocus(event.target.closest("[data-key]")?.dataset.key ?? focus)} style=${virtual ? { height: `calc(var(--row) * ${keys.length})` } : {}}>
      <div class=${virtual ? "window" : null} role="presentation" style=${virtual ? { transform: `translateY(calc(var(--row) * ${from}))` } : {}}>${rows}</div>
    </div>
  </div>`;
}

/** The height of a row in pixels, which the style sheet gives in rem. */
function rowHeight(element) {
  const [row, text] = [[element, "--row"], [document.documentElement, "font-size"]].map(([each, name]) => parseFloat(getComputedStyle(each).getPropertyValue(name)));
  return row * text || 44;
}

function Header({ columns, keys, selected, sort, onSort }) {
  const chosen = selected?.value.size ?? 0;
  const all = chosen > 0 && keys.every((key) => selected.value.has(key));
  const order = (column) => {
    const up = sort === column.sort;
    const direction = up ? "ascending" : sort === `-${column.sort}` ? "descending" : "none";
    return { direction, next: up ? `-${column.sort}` : column.sort };
  };
  return html`<div class="header" role="row" aria-rowindex="1">
    ${selected && html`<div role="columnheader"><input type="checkbox" aria-label=${t("Select all")} checked=${all} indeterminate=${chosen > 0 && !all} onChange=${() => (selected.value = new Set(all ? [] : keys))} /></div>`}
    ${columns.map((column) => {
      const { direction, next } = order(column);
      const sortable = column.sort && onSort;
      return html`<div key=${column.id} role="columnheader" class=${`cell${column.right ? " right" : ""}${column.extra ? " extra" : ""}`} aria-sort=${sortable ? direction : null}>
        ${sortable ? html`<button type="button" onClick=${() => onSort(next)}>${column.title}${direction !== "none" && html`<${Icon} name="chevron" />`}</button>` : column.title}
      </div>`;
    })}
  </div>`;
}

function Row({ id, row, columns, selected, index, stop, last, name }) {
  const value = row.value;
  const chosen = selected?.value.has(id) ?? false;
  return html`<div class=${`row${chosen ? " selected" : ""}${last ? " last" : ""}`} role="row" aria-rowindex=${index + 2} aria-selected=${selected ? String(chosen) : null} data-key=${id} tabindex=${stop ? 0 : -1} aria-label=${name?.(value)}>
    ${selected && html`<div role="gridcell" class="cell choice"><input type="checkbox" tabindex="-1" checked=${chosen} aria-label=${t("Select")} /></div>`}
    ${columns.map((column) => html`<div key=${column.id} role="gridcell" class=${`cell${column.right ? " right" : ""}${column.extra ? " extra" : ""}${column.place ? ` place-${column.place}` : ""}`}>${column.cell(value)}</div>`)}
  </div>`;
}
