// What happens meanwhile, for people who do not see it: one polite region that says one sentence in
// five seconds at most.

import { on } from "./live.mjs";
import { announcement } from "./lib/announcements.mjs";

const GATHER_MS = 500; // an alert follows the change of its service
const PAUSE_MS = 5000;

const region = document.createElement("p");
const statuses = new Map();
let alerts = [];
let timer = 0;
let last = -PAUSE_MS;

/** Say what the live feed tells, as long as the page lives. */
export function watch() {
  region.className = "only-read";
  region.setAttribute("role", "status");
  region.dataset.announcements = "";
  document.body.append(region);
  on("service.status_changed", (data) => {
    const from = statuses.get(data.service_id)?.from ?? data.from; // there and back is no news
    statuses.set(data.service_id, { ...data, from });
    soon();
  });
  for (const kind of ["fired", "acknowledged"]) on(`alert.${kind}`, (alert) => {
    alerts.push([kind, alert]);
    soon();
  });
}

function soon() {
  timer ||= setTimeout(say, Math.max(GATHER_MS, last + PAUSE_MS - performance.now()));
}

function say() {
  timer = 0;
  const said = announcement([...statuses.values()], alerts);
  statuses.clear();
  alerts = [];
  if (!said) return;
  last = performance.now();
  region.textContent = said;
}
