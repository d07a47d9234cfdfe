// A chart of response times: median, p95 behind it, failed checks as marks on the time axis, outages
// and maintenance as bands behind them. Dragging over a time shows that time alone.

import { html, useEffect, useRef, useState } from "../vendor/ui.mjs";
import { markWords } from "../lib/marks.mjs";
import { clock, dayAndClock, moment } from "../lib/time.mjs";
import { milliseconds, t, tn } from "../lib/words.mjs";
import { now, systemTheme, view, zone } from "../store/view.mjs";
import { Button } from "./Page.mjs";

const HEIGHT = 220;

/** `points`: buckets of GET /services/{id}/metrics; `summary` says in words what the chart shows;
    `from` and `to` (ms) are its ends; `marks` come of lib/marks; `onZoom(from, to)` hears of a drag. */
export function Chart({ points, summary, threshold, from, to, marks = [], onZoom }) {
  const box = useRef(null);
  const [table, setTable] = useState(false);
  useEffect(() => {
    let chart = null;
    let gone = false;
    import("../vendor/uplot.mjs").then(({ default: Plot }) => {
      if (gone || !box.current) return;
      chart = new Plot(options(Plot, box.current.clientWidth, { threshold, from, to, marks, onZoom }), data(points), box.current);
    }, () => gone || setTable(true)); // what draws did not come: its numbers are here
    const resize = () => box.current && chart?.setSize({ width: box.current.clientWidth, height: HEIGHT });
    addEventListener("resize", resize);
    return () => {
      gone = true;
      removeEventListener("resize", resize);
      chart?.destroy();
    };
  }, [points, marks, view.value.theme, systemTheme.value, zone.value, table]);
  return html`<figure class="chart">
    ${table ? html`<${Numbers} points=${points} marks=${marks} />` : html`<div ref=${box} role="img" aria-label=${summary} />`}
    <figcaption><span class="muted small">${summary}${marks.length > 0 && html` <span class="mark-key outage"></span>${tn(marks.filter((each) => each.kind === "outage").length, "one outage", "{n} outages")} <span class="mark-key maintenance"></span>${tn(marks.filter((each) => each.kind === "maintenance").length, "one maintenance window", "{n} maintenance windows")}`}</span><${Button} kind="quiet" onClick=${() => setTable(!table)}>${table ? t("Show as chart") : t("Show as table")}<//></figcaption>
  </figure>`;
}

function data(points) {
  const times = points.map((point) => moment(point.timestamp) / 1000);
  return [times, points.map((point) => point.p95_ms ?? null), points.map((point) => point.p50_ms ?? null), points.map((point) => (point.failed ? 0 : null))];
}

function colour(name) {
  const probe = document.createElement("i");
  probe.style.color = `var(--${name})`;
  probe.style.forcedColorAdjust = "none"; // a canvas has no forced colours: one for all of them hides the lines
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function options(Plot, width, { threshold, from, to, marks, onZoom }) {
  const [line, text, accent, band, down, maintenance] = ["line", "muted", "accent", "accent-soft", "down-fill", "maintenance-fill"].map(colour);
  const seconds = (to - from) / 1000;
  const axis = { stroke: text, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 }, font: "12px system-ui, sans-serif" };
  const hour = (at) => (seconds > 86_400 ? dayAndClock(at * 1000, zone.peek(), now.peek()) : clock(at * 1000, zone.peek()));
  return {
    width,
    height: HEIGHT,
    tzDate: (at) => Plot.tzDate(new Date(at * 1000), zone.peek()), // lines stand at its hours and midnights
    legend: { show: false },
    cursor: { points: { size: 7 }, y: false, drag: { x: Boolean(onZoom), y: false, setScale: false } },
    scales: { x: { range: () => [from / 1000, to / 1000] }, y: { range: (_, __, most) => [0, Math.max(10, (most ?? 0) * 1.15, 0)] } },
    axes: [{ ...axis, space: seconds > 86_400 ? 130 : 70, values: (_, ticks) => ticks.map(hour) }, { ...axis, size: 66, values: (_, ticks) => ticks.map((tick) => milliseconds(tick)) }],
    series: [
      {},
      { label: t("p95"), stroke: band, fill: band, width: 1, points: { show: false } },
      { label: t("Median"), stroke: accent, width: 2, points: { show: false }, spanGaps: false },
      { label: t("Failed"), stroke: down, fill: down, width: 0, points: { show: true, size: 9, fill: down } },
    ],
    hooks: {
      drawClear: [(plot) => marks.forEach((mark) => drawMark(plot, mark, mark.kind === "outage" ? down : maintenance))],
      draw: [(plot) => drawThreshold(plot, threshold, text)],
      setSelect: [(plot) => zoom(plot, onZoom)],
    },
  };
}

const LEAST_DRAG = 12; // pixels: less is a click whose hand shook

function zoom(plot, onZoom) {
  const { left, width } = plot.select;
  if (width >= LEAST_DRAG) onZoom?.(...[left, left + width].map((at) => Math.round(plot.posToVal(at, "x") * 1000)));
}

/** A band over the whole height, with a bar at its foot: high for an outage, low for maintenance. */
function drawMark(plot, mark, fill) {
  const { left, top, width, height } = plot.bbox;
  const at = (time) => Math.min(left + width, Math.max(left, plot.valToPos(time / 1000, "x", true)));
  const begin = at(mark.from);
  const wide = Math.max(2, at(mark.to) - begin);
  const foot = mark.kind === "outage" ? 10 : 5;
  plot.ctx.save();
  plot.ctx.fillStyle = fill;
  plot.ctx.globalAlpha = 0.12;
  plot.ctx.fillRect(begin, top, wide, height);
  plot.ctx.globalAlpha = 0.8;
  plot.ctx.fillRect(begin, top + height - foot, wide, foot);
  plot.ctx.restore();
}

function drawThreshold(plot, threshold, stroke) {
  const y = plot.valToPos(threshold, "y", true);
  if (!threshold || y < plot.bbox.top) return;
  plot.ctx.save();
  Object.assign(plot.ctx, { strokeStyle: stroke, lineWidth: 1 });
  plot.ctx.setLineDash([4, 4]);
  plot.ctx.beginPath();
  plot.ctx.moveTo(plot.bbox.left, y);
  plot.ctx.lineTo(plot.bbox.left + plot.bbox.width, y);
  plot.ctx.stroke();
  plot.ctx.restore();
}

function Numbers({ points, marks }) {
  return html`${marks.length > 0 && html`<ul class="lines">${marks.map((mark) => html`<li key=${mark.kind + mark.from}><span>${dayAndClock(mark.from, zone.value, now.peek())}</span><span>${markWords(mark)}</span></li>`)}</ul>`}<div class="scroller" tabindex="0" role="region" aria-label=${t("Response times")}><table class="plain">
    <thead><tr><th>${t("Time")}</th><th class="right">${t("Median")}</th><th class="right">${t("p95")}</th><th class="right">${t("Checks")}</th><th class="right">${t("Failed")}</th></tr></thead>
    <tbody>${points.map((point) => html`<tr key=${point.timestamp}><td>${dayAndClock(moment(point.timestamp), zone.value, now.peek())}</td><td class="right">${milliseconds(point.p50_ms)}</td><td class="right">${milliseconds(point.p95_ms)}</td><td class="right">${point.checks}</td><td class="right">${point.failed}</td></tr>`)}</tbody></table></div>`;
}
