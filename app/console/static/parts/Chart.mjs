// A chart of response times: median, p95 behind it, failed checks as marks on the time axis.

import { html, useEffect, useRef, useState } from "../vendor/ui.mjs";
import { clock, dayAndClock, moment } from "../lib/time.mjs";
import { milliseconds, t } from "../lib/words.mjs";
import { now, systemTheme, view, zone } from "../store/view.mjs";
import { Button } from "./Page.mjs";

const HEIGHT = 220;

/** `points`: buckets of GET /services/{id}/metrics; `summary` says in words what the chart shows;
    `seconds` is how far back it reaches. */
export function Chart({ points, summary, threshold, seconds }) {
  const box = useRef(null);
  const [table, setTable] = useState(false);
  useEffect(() => {
    let chart = null;
    let gone = false;
    import("../vendor/uplot.mjs").then(({ default: Plot }) => {
      if (gone || !box.current) return;
      chart = new Plot(options(box.current.clientWidth, threshold, seconds), data(points), box.current);
    });
    const resize = () => chart?.setSize({ width: box.current.clientWidth, height: HEIGHT });
    addEventListener("resize", resize);
    return () => {
      gone = true;
      removeEventListener("resize", resize);
      chart?.destroy();
    };
  }, [points, view.value.theme, systemTheme.value, zone.value, table]);
  return html`<figure class="chart">
    ${table ? html`<${Numbers} points=${points} />` : html`<div ref=${box} role="img" aria-label=${summary} />`}
    <figcaption><span class="muted small">${summary}</span><${Button} kind="quiet" onClick=${() => setTable(!table)}>${table ? t("Show as chart") : t("Show as table")}<//></figcaption>
  </figure>`;
}

function data(points) {
  const times = points.map((point) => moment(point.timestamp) / 1000);
  return [times, points.map((point) => point.p95_ms ?? null), points.map((point) => point.p50_ms ?? null), points.map((point) => (point.failed ? 0 : null))];
}

function colour(name) {
  const probe = document.createElement("i");
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function options(width, threshold, seconds) {
  const [line, text, accent, band, down] = ["line", "muted", "accent", "accent-soft", "down-fill"].map(colour);
  const axis = { stroke: text, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 }, font: "12px system-ui, sans-serif" };
  const hour = (at) => (seconds > 86_400 ? dayAndClock(at * 1000, zone.peek(), now.peek()) : clock(at * 1000, zone.peek()));
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { points: { size: 7 }, y: false },
    scales: { x: { range: () => [now.peek() / 1000 - seconds, now.peek() / 1000] }, y: { range: (_, __, most) => [0, Math.max(10, (most ?? 0) * 1.15, 0)] } },
    axes: [{ ...axis, space: seconds > 86_400 ? 130 : 70, values: (_, ticks) => ticks.map(hour) }, { ...axis, size: 66, values: (_, ticks) => ticks.map((tick) => milliseconds(tick)) }],
    series: [
      {},
      { label: t("p95"), stroke: band, fill: band, width: 1, points: { show: false } },
      { label: t("Median"), stroke: accent, width: 2, points: { show: false }, spanGaps: false },
      { label: t("Failed"), stroke: down, fill: down, width: 0, points: { show: true, size: 9, fill: down } },
    ],
    hooks: { draw: [(plot) => drawThreshold(plot, threshold, text)] },
  };
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

function Numbers({ points }) {
  return html`<div class="scroller" tabindex="0" role="region" aria-label=${t("Response times")}><table class="plain">
    <thead><tr><th>${t("Time")}</th><th class="right">${t("Median")}</th><th class="right">${t("p95")}</th><th class="right">${t("Checks")}</th><th class="right">${t("Failed")}</th></tr></thead>
    <tbody>${points.map((point) => html`<tr key=${point.timestamp}><td>${dayAndClock(moment(point.timestamp), zone.value, now.peek())}</td><td class="right">${milliseconds(point.p50_ms)}</td><td class="right">${milliseconds(point.p95_ms)}</td><td class="right">${point.checks}</td><td class="right">${point.failed}</td></tr>`)}</tbody></table></div>`;
}
