// What a session was used with, in words, from what that calls itself.

import { t } from "./words.mjs";

// In this order: most browsers name those they are like as well.
const BROWSERS = [["Edg", "Edge"], ["OPR", "Opera"], ["SamsungBrowser", "Samsung Internet"], ["Firefox", "Firefox"], ["FxiOS", "Firefox"], ["CriOS", "Chrome"], ["HeadlessChrome", "Chrome"], ["Chrome", "Chrome"], ["Safari", "Safari"]];
const SYSTEMS = [["Android", "Android"], ["iPhone", "iPhone"], ["iPad", "iPad"], ["CrOS", "ChromeOS"], ["Windows", "Windows"], ["Mac OS X", "macOS"], ["Linux", "Linux"]];

/** "Firefox on Linux"; a program as it calls itself, "curl 8.5.0". */
export function agentWords(agent) {
  const said = String(agent ?? "").trim();
  if (!said) return t("Unknown program");
  const browser = BROWSERS.find(([mark]) => said.startsWith("Mozilla/") && said.includes(`${mark}/`));
  if (!browser) return said.split(" ")[0].replace("/", " ");
  const system = SYSTEMS.find(([mark]) => said.includes(mark));
  return system ? t("{browser} on {system}", { browser: browser[1], system: system[1] }) : browser[1];
}
