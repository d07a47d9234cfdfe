// Everything here is an addition: the page is complete without it.
const root = document.documentElement, body = document.body, { base, made, words } = body.dataset;
const [themeWord, autoWord, lightWord, darkWord, down, maintenance, up, slow, unknown] = words.split("|");
const lang = root.lang, $ = (selector, from = document) => from.querySelector(selector);
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const pageTheme = root.dataset.theme || "auto";
let shownAt = Date.parse(made);

// Theme: a button that goes round; the choice stays in this browser.
const themes = ["auto", "light", "dark"], named = { auto: autoWord, light: lightWord, dark: darkWord };
const read = () => { try { return localStorage.theme; } catch { return null; } };
let theme = themes.includes(read()) ? read() : pageTheme;
const button = document.createElement("button");
const show = () => {
  if (theme === "auto") delete root.dataset.theme; else root.dataset.theme = theme;
  button.textContent = `${themeWord}: ${named[theme]}`;
};
button.type = "button";
button.onclick = () => {
  theme = themes[(themes.indexOf(theme) + 1) % 3];
  try { localStorage.theme = theme; } catch { /* not kept then */ }
  show();
};
show();
$(".tools")?.append(button);
if (new URLSearchParams(location.search).get("view") === "wall") body.classList.add("wall");

// Times: on the visitor's clocks, with the written form as the title.
const clock = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "short" });
const relative = new Intl.RelativeTimeFormat(lang, { numeric: "auto" });
function localise(from = document) {
  for (const time of all("time[datetime]:not([title])", from)) {
    time.title = time.textContent;
    if (!time.dataset.r) time.textContent = clock.format(new Date(time.dateTime));
  }
}
function age() {
  const seconds = Math.round((shownAt - Date.now()) / 1000);
  const text = seconds > -90 ? relative.format(Math.min(seconds, 0), "second") : relative.format(Math.round(seconds / 60), "minute");
  for (const time of all("time[data-r]")) time.textContent = text;
}
localise();
age();
setInterval(age, 5000);

// Live: the summary is asked with its tag; when it has changed, texts and classes are replaced.
const still = new Set(["verdict", "now", "past"]);
let tag = null, failures = 0, days = null;
async function refresh() {
  if (document.hidden) return;
  try {
    const answer = await fetch(`${base}/summary.json`, { cache: "no-store", headers: tag ? { "If-None-Match": tag } : {} });
    if (answer.status !== 304 && !answer.ok) throw new Error(answer.status);
    const changed = tag !== null && answer.status === 200;
    tag = answer.headers.get("ETag") || tag;
    failures = 0;
    const at = Date.parse(answer.headers.get("Last-Modified"));
    if (changed) await replace();
    else if (at) shownAt = Math.max(shownAt, at);
    age();
  } catch { failures += 1; }
}
async function replace() {
  const answer = await fetch(location.href, { cache: "no-store" });
  if (!answer.ok) throw new Error(answer.status);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html"), before = $("h1")?.textContent;
  shownAt = Date.parse(fresh.body.dataset.made);
  document.title = fresh.title;
  $("link[rel=icon]").href = $("link[rel=icon]", fresh).href;
  for (const next of all("main [id]", fresh)) {
    const now = document.getElementById(next.id);
    if (!now || now.closest("#now, #past") && !still.has(next.id)) continue;
    if (still.has(next.id)) {
      const opened = all("details[open]", now).map((one) => one.id);
      if (now.innerHTML === next.innerHTML) continue;
      now.className = next.className;
      now.replaceChildren(...next.childNodes);
      for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
    } else if (now.matches("details")) {
      const [old, b] = [$("summary > b", now), $("summary > b", next)];
      if (old && b) { old.textContent = b.textContent; old.className = b.className; }
    } else if (now.matches("li")) {
      now.className = next.className;
      for (const part of ["b", "small", "svg"]) {
        const [old, b] = [$(`:scope > ${part}`, now), $(`:scope > ${part}`, next)];
        if (old && b && old.outerHTML !== b.outerHTML) old.replaceWith(b);
      }
    }
  }
  localise();
  days = null;
  const after = $("h1")?.textContent;
  if (after !== before) $("#live").textContent = after;
}
if ($("#verdict")) {
  const wait = () => ($("#now .incident") ? 10000 : 30000) * 2 ** Math.min(failures, 4);
  const next = () => setTimeout(async () => { await refresh(); next(); }, wait());
  refresh();
  next();
  document.addEventListener("visibilitychange", refresh);
}

// Days: pointer and arrow keys show one in a tooltip.
const tip = document.createElement("div");
tip.id = "tip";
tip.hidden = true;
body.append(tip);
const meaning = { u: up, s: slow, d: down, m: maintenance, n: unknown };
async function day(svg, place) {
  days ??= fetch(`${base || "/page"}.json`).then((answer) => answer.json()).catch(() => (days = null));
  const service = (await days)?.services?.[svg.closest("li").id];
  if (!service) return;
  const count = service.days.states.length, at = Math.max(0, Math.min(count - 1, place ?? count - 1));
  svg.dataset.at = at;
  const date = new Date(`${service.days.first}T12:00Z`);
  date.setUTCDate(date.getUTCDate() + at);
  const seconds = service.days.down_seconds[at], box = svg.getBoundingClientRect();
  const state = service.days.states[at];
  tip.textContent = `${new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeZone: "UTC" }).format(date)} · ${meaning[state]}`
    + (seconds ? ` ${seconds < 60 ? `${seconds} s` : `${Math.round(seconds / 60)} min`}` : "");
  svg.setAttribute("aria-label", tip.textContent);
  tip.style.left = `${Math.max(80, Math.min(innerWidth - 80, box.left + box.width * (at + .5) / count))}px`;
  tip.style.top = `${box.top}px`;
  tip.hidden = false;
}
for (const svg of all(".l svg")) { svg.tabIndex = 0; svg.setAttribute("role", "img"); svg.setAttribute("aria-label", svg.nextSibling?.textContent || ""); }
const bars = (event) => event.target.closest?.(".l svg");
addEventListener("pointermove", (event) => {
  const svg = bars(event);
  if (!svg) { tip.hidden = true; return; }
  const box = svg.getBoundingClientRect();
  day(svg, Math.floor((event.clientX - box.left) / box.width * 90 * (Number(body.dataset.days || 90) / 90)));
});
addEventListener("focusin", (event) => bars(event) && day(bars(event)));
addEventListener("focusout", () => { tip.hidden = true; });
addEventListener("keydown", (event) => {
  const svg = bars(event), step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (svg && step) { event.preventDefault(); day(svg, Number(svg.dataset.at ?? 89) + step); }
  if (event.key === "Escape") tip.hidden = true;
});

// Subscribe in place: the same form, and the answer under it.
addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-inline]")) return;
  event.preventDefault();
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { Accept: "text/html" } });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    form.replaceWith(...$("main", fresh).childNodes);
  } catch { form.submit(); }
});
