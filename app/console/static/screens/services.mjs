// All services: state, name, last checks, response time, what is wrong.

import { html, signal, useEffect, useMemo, useRef, useState } from "../vendor/ui.mjs";
import { watchResultsOf } from "../live.mjs";
import { matcher } from "../lib/filters.mjs";
import { ORDER, STATES, rank, stateOf } from "../lib/states.mjs";
import { dayAndClock, moment } from "../lib/time.mjs";
import { grouped, milliseconds, t, tn } from "../lib/words.mjs";
import { Facet, FilterField, NothingMatches, filterText } from "../parts/Filter.mjs";
import { Button, ButtonLink, Empty, Loaded, Page, Tags } from "../parts/Page.mjs";
import { Ago, Bars, Said, Shape, Status } from "../parts/Status.mjs";
import { Table } from "../parts/Table.mjs";
import { link, route, setQuery } from "../store/route.mjs";
import { beatsOf, changes, facets, facts, needBeats, rowOf, services } from "../store/services.mjs";
import { now, view, zone } from "../store/view.mjs";

const PLAIN_PAGE = 500;

const selected = signal(new Set());
// What is done with services comes when it is first wanted: the list itself is there sooner.
const acts = () => import("../parts/ServiceActs.mjs");
const tools = () => import("../parts/ListTools.mjs");
const groups = () => import("../parts/ServiceGroups.mjs");
const plan = () => import("../parts/PlanNotice.mjs");

const COLUMNS = [
  { id: "state", title: t("Status"), width: "8.25rem", sort: "state", place: 3, cell: (row) => html`<${Status} state=${stateOf(row)} since=${stateOf(row) === "RED" ? moment(row.status_changed_at) : null} />` },
  { id: "name", title: t("Name"), width: "minmax(10rem, 1fr)", sort: "name", place: 1, cell: (row) => html`<a class="name" href=${link(`/services/${row.id}`)} tabindex="-1">${row.name}</a><span class="extra"><${Tags} tags=${row.tags.slice(0, 3)} /></span>` },
  { id: "bars", title: t("Last checks"), width: "7.5rem", place: 4, right: true, cell: (row) => html`<${Beats} id=${row.id} />` },
  { id: "ms", title: t("Response"), width: "5.375rem", right: true, sort: "ms", place: 2, cell: (row) => milliseconds(row.is_active ? row.last_response_time_ms : null) },
  { id: "error", title: t("What is wrong"), width: "minmax(7.5rem, 1.2fr)", extra: true, cell: (row) => html`<span class="muted small clip" title=${row.last_error}>${row.last_error && html`<${Said} text=${row.last_error} as=${String} />`}</span>` },
  { id: "checked", title: t("Checked"), width: "6rem", right: true, extra: true, sort: "checked", cell: (row) => html`<span class="muted small"><${Ago} at=${moment(row.last_checked_at)} none=${t("not yet")} /></span>` },
];
const BY = {
  state: (row) => rank(stateOf(row)),
  name: (row) => facts(row).name,
  ms: (row) => row.last_response_time_ms ?? -1,
  checked: (row) => row.last_checked_at ?? "",
};

function Beats({ id }) {
  const beats = beatsOf(id).value;
  return beats && html`<${Bars} beats=${beats} />`;
}

/** Ids that match the filter, in order: urgent states first and names within, unless sorted. */
function ordered(ids, text, sort) {
  const fits = matcher(text, facts);
  const rows = ids.map((id) => rowOf(id)?.peek()).filter((row) => row && fits(row));
  const name = sort.replace("-", "");
  const by = BY[name] ?? BY.state;
  const sign = sort.startsWith("-") ? -1 : 1;
  const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  return rows
    .map((row) => [by(row), BY.name(row), row.id])
    .sort((a, b) => sign * compare(a[0], b[0]) || compare(a[1], b[1]))
    .map(([, , id]) => id);
}

export default function Services() {
  useEffect(() => {
    services.reload();
    return () => (selected.value = new Set());
  }, []);
  const actions = html`<${ButtonLink} kind="primary" icon="plus" needs="services:write" shortcut="n" href=${link("/services/new")}>${t("New service")}<//>`;
  const empty = html`<${Empty} title=${t("Watch your first service")} action=${actions}>
    ${t("A service is anything that answers: a website, an API, a port, a database, a certificate. It is checked at an interval, and you hear of it when it fails.")}<//>`;
  return html`<${Page} title=${t("Services")} actions=${actions}>
    ${(services.data.value?.length ?? 0) > 0 && html`<${Later} load=${plan} name="PlanNotice" />`}
    <${Loaded} of=${services} rows=${10} empty=${empty}>${(ids) => html`<${List} ids=${ids} />`}<//>
  <//>`;
}

function List({ ids }) {
  const text = filterText();
  const sort = route.value.query.get("sort") ?? "state";
  const box = useRef(null);
  const { order, waiting } = useOrder(ids, text, sort, box);
  const timer = useRef(0);
  const onScreen = useRef(new Map()); // by table: a group has one of its own
  const seen = (label, keys) => {
    onScreen.current.set(label, keys);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      const visible = [...new Set([...onScreen.current.values()].flat())];
      needBeats(visible).catch(() => {});
      watchResultsOf(visible);
    }, 300);
  };
  const first = useRef(true);
  useEffect(() => {
    if (first.current && order.length) needBeats(order.slice(0, 60)).catch(() => {});
    first.current = false;
  }, []);
  const query = route.value.query;
  const by = query.get("group");
  useEffect(() => onScreen.current.clear(), [by, text]);
  const columns = useMemo(() => COLUMNS.filter((column) => !view.value.hiddenColumns.includes(column.id)), [view.value.hiddenColumns]);
  const plain = query.get("plain") === "1"; // all rows in the page, for printing and the browser's own search
  const page = Math.max(1, Number(query.get("page")) || 1);
  const shown = plain ? order.slice((page - 1) * PLAIN_PAGE, page * PLAIN_PAGE) : order;
  const table = (keys, label) => html`<${Table} whole=${plain} label=${label} keys=${keys} columns=${columns} read=${rowOf} href=${(row) => link(`/services/${row.id}`)} selected=${selected} sort=${sort} onSort=${(chosen) => setQuery({ sort: chosen === "state" ? null : chosen })} onVisible=${(shown) => seen(label, shown)} onKey=${keyActs} rowName=${named} />`;
  const all = (keys, label) => (query.get("view") === "tiles" ? html`<${Later} load=${groups} name="Tiles" ids=${keys} />` : table(keys, label));
  const drawn = by ? html`<${Later} load=${groups} name="ServiceGroups" ids=${shown} by=${by}>${all}<//>` : all(shown, t("Services"));
  return html`<div ref=${box}>
    <div class="toolbar"><${FilterField} placeholder=${t("Words, tag:eu, -tag:dev, status:down,slow, type:http")} label=${t("Filter services")} /><${StateFacets} />
      <span class="spread"></span><span class="muted small" role="status">${order.length === ids.length ? tn(ids.length, "One service", "{n} services") : t("{n} of {all}", { n: grouped(order.length), all: grouped(ids.length) })}</span><${Later} load=${tools} name="ListTools" ids=${order} columns=${COLUMNS.filter((column) => column.id !== "name")} /></div>
    ${waiting && !selected.value.size && html`<${Waiting} waiting=${waiting} />`}
    ${plain && order.length > PLAIN_PAGE && html`<${Later} load=${tools} name="Pages" page=${page} all=${Math.ceil(order.length / PLAIN_PAGE)} />`}
    ${order.length ? drawn : html`<${NothingMatches} hidden=${grouped(ids.length)} />`}
    ${selected.value.size > 0 && html`<${Later} load=${acts} name="SelectionBar" selected=${selected} matching=${order} />`}
  </div>`;
}

/** The keys of a row, for the table: whether one of them is ours. */
function keyActs(event, row) {
  if (!"epc".includes(event.key)) return false;
  acts().then((module) => module.keyActs(event, row));
  return true;
}

/** A part whose module comes after the list is there. */
function Later({ load, name, ...rest }) {
  const [here, setHere] = useState({});
  useEffect(() => {
    load().then((module) => setHere({ name, Part: module[name] }), () => {});
  }, [name]);
  return here.name === name && html`<${here.Part} ...${rest} />`; // one place may change its part
}

/** A row as it is read out: "Checkout, Down since 14:03, HTTP 503". */
function named(row) {
  const { word } = STATES[stateOf(row)];
  if (stateOf(row) !== "RED") return `${row.name}, ${word}`;
  const since = dayAndClock(moment(row.status_changed_at), zone.value, now.peek());
  return [row.name, t("{word} since {since}", { word, since }), row.last_error].filter(Boolean).join(", ");
}

/**
 * The order, which no result changes under somebody's hand: it is made anew when the filter or the
 * list changes, and otherwise only while nobody points at or stands in the list. Beside it what
 * waits meanwhile: how many problems would come to the top, and how to let them.
 */
function useOrder(ids, text, sort, box) {
  const fresh = useMemo(() => ({ order: signal(ordered(ids, text, sort)), waiting: signal(null), at: changes.peek() }), [ids, text, sort]);
  useEffect(() => {
    const take = (order) => {
      fresh.waiting.value = null;
      if (!same(order, fresh.order.peek())) fresh.order.value = order;
    };
    const renew = () => {
      const held = box.current?.matches(":hover, :focus-within");
      if (fresh.at === changes.peek() && (held || !fresh.waiting.peek())) return;
      fresh.at = changes.peek();
      const order = ordered(ids, text, sort);
      const count = held && sort === "state" ? newProblems(order, fresh.order.peek()) : 0;
      if (!held) take(order);
      else if (count !== (fresh.waiting.peek()?.count ?? 0)) fresh.waiting.value = count ? { count, take: () => take(ordered(ids, text, sort)) } : null;
    };
    const timer = setInterval(renew, 1000);
    return () => clearInterval(timer);
  }, [fresh]);
  return { order: fresh.order.value, waiting: fresh.waiting.value };
}

const same = (one, other) => one.length === other.length && one.every((id, at) => id === other[at]);

/** How many services that are down stand further below than they will. */
function newProblems(order, shown) {
  const down = order.findIndex((id) => stateOf(rowOf(id).peek()) !== "RED");
  const top = new Set(shown.slice(0, down < 0 ? order.length : down));
  return order.slice(0, top.size).filter((id) => !top.has(id)).length;
}

function Waiting({ waiting }) {
  const show = () => {
    waiting.take();
    scrollTo(0, 0);
  };
  return html`<p class="raised"><${Button} onClick=${show}>${tn(waiting.count, "One new problem", "{n} new problems")} ↑<//></p>`;
}

function StateFacets() {
  const counts = facets.value.state;
  return html`<div class="facets">${ORDER.filter((state) => counts[state]).map((state) => html`<${Facet} key=${state} name="status" value=${STATES[state].name}>
    <${Shape} state=${state} /><b>${grouped(counts[state])}</b> ${STATES[state].word}<//>`)}</div>`;
}
