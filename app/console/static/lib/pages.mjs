// Status pages in words: choices of their form, and what of it is sent.

import { t } from "./words.mjs";

export const LANGUAGES = ["en", "de", "fr", "es", "pt", "nl", "pl", "it", "ja"];
export const THEMES = [["auto", t("As the visitor's system has it")], ["light", t("Light")], ["dark", t("Dark")]];
export const LAYOUTS = [["list", t("One below the other")], ["columns", t("In columns")]];
export const VISIBILITIES = [["everybody", t("Everybody")], ["password", t("Whoever has the password")], ["members", t("Members who are signed in")]];
export const DISPLAYS = [["list", t("Every service in a line of its own")], ["rolled", t("One line that sums it up")]];
export const SECTION_RULES = [["all", t("all of its services work")], ["any", t("any of its services works")], ["percentage", t("so many percent of them work")]];
export const AUTO_MODES = [["draft", t("Draft an incident, which a person publishes")], ["publish", t("Publish an incident by itself")], ["off", t("Do nothing")]];
export const LINKS = [["website", t("Website")], ["support", t("Support")], ["imprint", t("Imprint")], ["privacy", t("Privacy")]];
export const NOTICES = [
  ["incidents", t("Incidents and their updates")],
  ["maintenance_announced", t("Maintenance when it is announced")],
  ["maintenance_reminder", t("Maintenance a day before it begins")],
  ["maintenance_started", t("Maintenance when it begins")],
  ["maintenance_ended", t("Maintenance when it is over")],
];

const PLAIN = ["name", "slug", "description", "theme", "language", "timezone", "layout", "show_uptime_days", "allow_subscribe", "is_indexed", "show", "notify", "auto_incidents", "links", "custom_css"];
const NOTHING_SHOWN = { response_times: false, made_with: true, error_category: false, regions: false, on_domain_only: false };
const FRESH = {
  name: "", slug: "", description: "", theme: "auto", language: "en", layout: "list", show_uptime_days: 90, allow_subscribe: true, is_indexed: true, links: {}, custom_css: "",
  show: NOTHING_SHOWN, notify: Object.fromEntries(NOTICES.map(([name]) => [name, true])), auto_incidents: { mode: "draft", after_minutes: 3, resolve_minutes: 10 },
};
const SECTION = { name: "", description: "", service_ids: [], tags: [], display: "list", rule: "all", required_percentage: 100, collapsed: false };

let made = 0;

/** A section with a key of its own, by which a form knows it when it has moved. */
export function sectionOf(given = {}) {
  return { ...SECTION, ...given, key: `s${(made += 1)}` };
}

/** The values of the form for a page as it was read; null for a new one. */
export function valuesOf(stored, timezone) {
  const from = stored ?? { ...FRESH, timezone, sections: [{ name: t("Services") }], branding: {}, services: {}, announcement: null, is_public: true, has_password: false };
  return {
    ...Object.fromEntries(PLAIN.map((name) => [name, from[name]])),
    sections: from.sections.map(sectionOf), branding: from.branding, services: from.services,
    visibility: from.is_public ? (from.has_password ? "password" : "everybody") : "members", password: "",
    announcement: from.announcement?.text ?? "", announced_until: from.announcement?.ends_at ?? null, announced_from: from.announcement?.starts_at ?? null,
  };
}

const cleaned = (entries) => Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== "" && value !== undefined && value !== null));

/** What the fields of the form are in the API; an empty slug is made from the name there. */
export function bodyOf(values) {
  const { visibility, password, announcement, announced_from: starts_at, announced_until: ends_at, sections, services, branding, slug, links, ...rest } = values;
  return {
    ...rest,
    ...(slug.trim() && { slug: slug.trim() }),
    links: cleaned(links), branding: cleaned(branding),
    sections: sections.map(({ key: _, ...section }) => section),
    services: Object.fromEntries(Object.entries(services).map(([id, named]) => [id, cleaned(named)]).filter(([, named]) => Object.keys(named).length)),
    announcement: announcement.trim() ? { text: announcement.trim(), starts_at, ends_at } : null,
    is_public: visibility !== "members",
    ...(visibility === "password" ? password && { password } : visibility === "everybody" && { password: null }),
  };
}

/** Addresses out of a pasted list or a CSV file: {found, wrong}, each once, in their order. */
export function addressesIn(text) {
  const lines = text.split(/[\r\n;]+/).map((line) => line.trim()).filter(Boolean);
  const parts = lines.map((line) => line.split(/[,\t]/).map((cell) => cell.trim().replace(/^["'<]+|[">']+$/g, "")));
  const found = new Map();
  const wrong = [];
  for (const [at, cells] of parts.entries()) {
    const addresses = cells.filter((cell) => /^[^\s@]+@[^\s@]+$/.test(cell));
    if (addresses.length) addresses.forEach((each) => found.set(each.toLowerCase(), each));
    else if (at > 0 || !cells.some((cell) => /^(e-?mail|address|kind)/i.test(cell))) wrong.push(lines[at]);
  }
  return { found: [...found.values()], wrong };
}
