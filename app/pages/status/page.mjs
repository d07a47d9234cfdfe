// Everything here is an addition: the page is complete without it.
const root = document.documentElement, body = document.body, { base, made, copy, locale } = body.dataset;
const [themeWord, auto, light, dark, down, maintenance, up, slow, unknown, blind] = body.dataset.words.split("|");
const $ = (selector, from = document) => from.querySelector(selector);
const all = (selector, from = document) => [...from.querySelectorAll(selector)];

// Theme: a button that goes round; the choice stays in this browser.
const themes = { auto, light, dark }, names = Object.keys(themes), button = document.createElement("button");
let store = {};
try { store = localStorage; } catch { /* the choice is not kept then */ }
let theme = store.theme in themes ? store.theme : root.dataset.theme || "auto";
const show = () => {
  if (theme === "auto") delete root.dataset.theme; else root.dataset.theme = theme;
  button.textContent = `◐ ${themes[theme]}`;
  button.title = themeWord;
};
button.onclick = () => {
  store.theme = theme = names[(names.indexOf(theme) + 1) % 3];
  show();
};
show();
$(".tools").append(button);
if (location.search.includes("view=wall")) body.classList.add("wall");

// Times: on the visitor's clocks, in the form of the page, with the written one as the title.
let shownAt = Date.parse(made), tag = "", fails = 0, days;
const dates = (options) => new Intl.DateTimeFormat(locale, { dateStyle: "medium", ...options });
const clock = dates({ timeStyle: "short" }), relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
const age = () => {
  const seconds = Math.min(0, Math.round((shownAt - Date.now()) / 1e3));
  const text = relative.format(...(seconds > -90 ? [seconds, "second"] : [Math.round(seconds / 60), "minute"]));
  for (const time of all("time[data-r]")) time.textContent = text;
  // A copy elsewhere that nobody renews claims nothing: its server cannot say how old it is.
  const box = $("#verdict");
  if (copy && box && seconds < -120) {
    box.className = "verdict k";
    $("h1").textContent = blind;
    tag = "-";
  }
};
const localise = () => {
  for (const time of all("time:not([title])")) {
    time.title = time.textContent;
    time.textContent = clock.format(new Date(time.dateTime));
  }
  age();
};
localise();
setInterval(age, 5e3);

// Live: the summary is asked with its tag; when it has changed, texts and classes are replaced.
const load = async (path, headers = {}) => {
  const answer = await fetch(path, { cache: "no-store", headers });
  if (!answer.ok && answer.status !== 304) throw 0;
  return answer;
};
const parse = async (answer) => new DOMParser().parseFromString(await answer.text(), "text/html");
async function refresh() {
  if (document.hidden) return;
  try {
    const answer = await load(`${base}/summary.json`, { "If-None-Match": tag });
    if (tag && answer.ok) await replace(await parse(await load(location.href)));
    else shownAt = Math.max(shownAt, Date.parse(answer.headers.get("Last-Modified")) || 0);
    tag = answer.headers.get("ETag") || tag;
    fails = 0;
    age();
  } catch { fails++ }
}
function replace(fresh) {
  const pairs = (selector) => {
    const next = all(selector, fresh), old = all(selector);
    if (old.length !== next.length) location.reload();
    return old.map((one, place) => [one, next[place]]);
  };
  const before = $("h1").textContent;
  shownAt = Date.parse(fresh.body.dataset.made);
  document.title = fresh.title;
  $("[rel=icon]").href = $("[rel=icon]", fresh).href;
  for (const [old, next] of pairs("#verdict, #now, #past")) {
    const open = all("[open]", old);
    old.className = next.className;
    old.replaceChildren(...next.childNodes);
    for (const { id } of open) document.getElementById(id)?.toggleAttribute("open", true);
  }
  for (const [old, next] of pairs("summary > b, .l li, .l b, .l p, .l summary, .l svg")) {
    // The class of an SVG element cannot be set so.
    if (!next.viewBox) old.className = next.className;
    if (old.localName !== "li" && old.innerHTML !== next.innerHTML) old.innerHTML = next.innerHTML;
  }
  days = null;
  localise();
  if ($("h1").textContent !== before) $("#live").textContent = $("h1").textContent;
}
const next = async () => {
  await refresh();
  setTimeout(next, ($("#now .incident") ? 1e4 : 3e4) * 2 ** Math.min(fails, 4));
};
if ($("#verdict")) {
  next();
  document.addEventListener("visibilitychange", refresh);
}

// Days: pointer and arrow keys show one in a tooltip.
const tip = document.createElement("div"), meaning = { u: up, s: slow, d: down, m: maintenance, n: unknown };
tip.id = "tip";
tip.hidden = true;
body.append(tip);
async function day(svg, share, step = 0) {
  days ??= load(`${base}/page.json`).then((answer) => answer.json()).catch(() => {});
  const key = $("a", svg.parentNode).href.split(/[/=]/).pop(), found = (await days)?.services[key]?.days;
  if (!found) return;
  const count = found.states.length, asked = share < 1 ? Math.floor(share * count) : Number(svg.dataset.at ?? count - 1) + step;
  const at = svg.dataset.at = Math.max(0, Math.min(count - 1, asked));
  const date = new Date(`${found.first}T12:00Z`), seconds = found.down_seconds[at], box = svg.getBoundingClientRect();
  date.setUTCDate(date.getUTCDate() + at);
  const lasted = seconds ? ` ${seconds < 60 ? `${seconds} s` : `${Math.round(seconds / 60)} min`}` : "";
  tip.textContent = `${dates({ timeZone: "UTC" }).format(date)} · ${meaning[found.states[at]]}${lasted}`;
  svg.ariaLabel = tip.textContent;
  tip.style.left = `${Math.max(80, Math.min(innerWidth - 80, box.left + box.width * (at + 0.5) / count))}px`;
  tip.style.top = `${box.top}px`;
  tip.hidden = false;
}
for (const svg of all(".l svg")) {
  svg.tabIndex = 0;
  svg.role = "img";
  svg.ariaLabel = svg.nextSibling.textContent;
}
const bars = ({ target }) => target.closest?.(".l svg");
const on = (name, act) => addEventListener(name, (event) => (bars(event) ? act(bars(event), event) : (tip.hidden = true)));
on("pointermove", (svg, { clientX }) => {
  const { left, width } = svg.getBoundingClientRect();
  day(svg, (clientX - left) / width);
});
on("focusin", (svg) => day(svg));
on("keydown", (svg, event) => {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!step) return;
  event.preventDefault();
  day(svg, 1, step);
});

// Subscribe in place: the same form, and the answer where it stood.
addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-inline]")) return;
  event.preventDefault();
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    form.replaceWith(...$("main", await parse(answer)).childNodes);
  } catch { form.submit(); }
});
