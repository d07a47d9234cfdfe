// Icons: strokes on a grid of 16, in the colour of the text around them. They are decoration: the
// word stands beside them, or the button has a name.

import { html } from "../vendor/ui.mjs";

const PATHS = {
  home: "M2.5 7.5 8 3l5.5 4.5M4 6.5V13h3V9.5h2V13h3V6.5",
  services: "M2.5 3.5h11v3.5h-11zM2.5 9h11v3.5h-11zM5 5.25h.01M5 10.75h.01",
  heartbeats: "M1.5 8.5h3l2-5 3 9 2-4h3",
  alerts: "M8 2.5a3.5 3.5 0 0 0-3.5 3.5c0 3.5-1.5 4.5-1.5 5.5h10c0-1-1.5-2-1.5-5.5A3.5 3.5 0 0 0 8 2.5M6.75 13.5h2.5",
  calendar: "M2.5 3.5h11v10h-11zM2.5 6.5h11M5.5 2v3M10.5 2v3",
  pages: "M3.5 2.5h6l3 3v8h-9zM9.5 2.5v3h3M5.5 8.5h5M5.5 11h3.5",
  maintenance: "M10 2.6a3.2 3.2 0 0 0-2.9 4.5L2.6 11.6a1.3 1.3 0 0 0 1.8 1.8l4.5-4.5A3.2 3.2 0 0 0 13.4 6L11.5 7.8 9.3 6.7 8.2 4.5z",
  certificates: "M8 2 3 4v4c0 3 2.2 5 5 6 2.8-1 5-3 5-6V4zM5.8 8l1.6 1.6L10.4 6.5",
  locations: "M8 14C5 10.5 3.5 8.5 3.5 6.5a4.5 4.5 0 0 1 9 0C12.5 8.5 11 10.5 8 14zM8 5.2a1.4 1.4 0 1 0 0 2.8 1.4 1.4 0 0 0 0-2.8",
  reports: "M2.5 13.5h11M4.5 11V8M8 11V3.5M11.5 11V6",
  channels: "M2.5 6.5v3h2.5l5 3v-9l-5 3zM12.5 6.2a2.5 2.5 0 0 1 0 3.6",
  rules: "M3 4h10M3 8h6.5M3 12h4M11 10.5l1.5 1.5 2-3",
  escalation: "M2.5 13.5h3.5v-3.5h3.5V6.5H13V3",
  "on-call": "M4.5 2.5h2l1 3-1.5 1.2a7 7 0 0 0 3.3 3.3l1.2-1.5 3 1v2c0 1-.8 1.5-1.5 1.5C7 13 3 9 3 4c0-.8.5-1.5 1.5-1.5",
  organization: "M3.5 13.5v-11h6v11M9.5 6.5h3.5v7M2 13.5h12M5.5 5h2M5.5 7.5h2M5.5 10h2",
  server: "M2.5 3h11v4h-11zM2.5 9h11v4h-11zM10.5 5h1M10.5 11h1",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M10.3 10.3l3.2 3.2",
  plus: "M8 3v10M3 8h10",
  close: "M4 4l8 8M12 4l-8 8",
  check: "M3 8.5 6.5 12 13 4.5",
  chevron: "M4.5 6.5 8 10l3.5-3.5",
  back: "M9.5 3.5 5 8l4.5 4.5",
  forward: "M6.5 3.5 11 8l-4.5 4.5",
  up: "M8 13V3M4 7l4-4 4 4",
  down: "M8 3v10M4 9l4 4 4-4",
  handle: "M6 4h.01M10 4h.01M6 8h.01M10 8h.01M6 12h.01M10 12h.01",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  open: "M6.5 3.5h-4v10h10v-4M9.5 2.5h4v4M13.5 2.5 7.5 8.5",
  sun: "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6M8 1.5v1.5M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M3.4 12.6l1-1M11.6 4.4l1-1",
  moon: "M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8 5.6 5.6 0 1 0 13.2 9.6z",
  contrast: "M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 0 1 0 11",
  edit: "M3 13l.6-2.8L10.8 3l2.2 2.2-7.2 7.2z",
  play: "M5 3.5v9l7-4.5z",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  bell: "M8 2.5a3.5 3.5 0 0 0-3.5 3.5c0 3.5-1.5 4.5-1.5 5.5h10c0-1-1.5-2-1.5-5.5A3.5 3.5 0 0 0 8 2.5",
  clock: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M8 5v3.2l2 1.3",
  list: "M5.5 4h8M5.5 8h8M5.5 12h8M2.5 4h.01M2.5 8h.01M2.5 12h.01",
  tiles: "M2.5 2.5h4.5v4.5H2.5zM9 2.5h4.5v4.5H9zM2.5 9h4.5v4.5H2.5zM9 9h4.5v4.5H9z",
  filter: "M2.5 4h11M4.5 8h7M6.5 12h3",
  person: "M8 2.5a2.7 2.7 0 1 0 0 5.4 2.7 2.7 0 0 0 0-5.4M2.8 13.5c.5-2.8 2.6-4 5.2-4s4.7 1.2 5.2 4",
  warning: "M8 2.5 14 13H2zM8 6.5v3M8 11.3v.01",
  trash: "M3 4.5h10M6 4.5v-2h4v2M4.5 4.5l.5 9h6l.5-9",
  star: "M8 2.2l1.8 3.7 4 .6-2.9 2.8.7 4L8 11.4l-3.6 1.9.7-4L2.2 6.5l4-.6z",
  download: "M8 2.5v8M4.5 7 8 10.5 11.5 7M3 13.5h10",
  blank: "",
  send: "M2.5 8 13.5 3l-3 10.5-3-4.5zM7.5 9l6-6",
};

/** An icon by name. */
export function Icon({ name, class: extra = "" }) {
  return html`<svg class=${`icon ${extra}`} viewBox="0 0 16 16" aria-hidden="true" focusable="false"><path d=${PATHS[name]} /></svg>`;
}
