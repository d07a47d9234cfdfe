// Heartbeats in words: how they are, when they are expected, and what a job must call.

import { durationText } from "./forms.mjs";
import { every } from "./intervals.mjs";
import { listed, t } from "./words.mjs";

/** What a heartbeat's status is called, and whose shape it has (lib/states). */
export const HEARTBEAT_STATES = {
  waiting: { state: "PENDING", word: t("Waiting for the first ping") },
  healthy: { state: "GREEN", word: t("Healthy") },
  running: { state: "GREEN", word: t("Running") },
  late: { state: "YELLOW", word: t("Late") },
  missed: { state: "RED", word: t("Missed") },
  failed: { state: "RED", word: t("Failed") },
  paused: { state: "PAUSED", word: t("Paused") },
};
/** Statuses by urgency, most urgent first. */
export const HEARTBEAT_ORDER = ["failed", "missed", "late", "waiting", "running", "healthy", "paused"];

/** What a heartbeat shows: healthy and never heard of is waiting. */
export function heartbeatState(heartbeat) {
  return heartbeat.status === "healthy" && !heartbeat.last_ping_at ? "waiting" : heartbeat.status;
}

export const PING_WORDS = { success: t("Success"), start: t("Start"), fail: t("Failure"), log: t("Note") };

const UNITS = { s: 1, m: 60, h: 3600, d: 86_400 };
const DAYS = [t("Sunday"), t("Monday"), t("Tuesday"), t("Wednesday"), t("Thursday"), t("Friday"), t("Saturday"), t("Sunday")];

/** Seconds of "every 5m"; null for a cron expression. */
export function intervalOf(schedule) {
  const found = /^every\s+(\d+)\s*([smhd])$/i.exec(schedule.trim());
  return found ? Number(found[1]) * UNITS[found[2].toLowerCase()] : null;
}

/** "every 5m" of seconds, in the largest unit that divides them. */
export function writeInterval(seconds) {
  const unit = ["d", "h", "m", "s"].find((name) => seconds % UNITS[name] === 0);
  return `every ${seconds / UNITS[unit]}${unit}`;
}

/** A schedule in words, as far as it is a plain one; else as it is written. */
export function scheduleWords({ schedule, timezone }) {
  const seconds = intervalOf(schedule);
  if (seconds !== null) return every(seconds);
  return t("{when}, {zone}", { when: cronWords(schedule.trim()), zone: timezone });
}

function cronWords(expression) {
  const [minute, hour, date, month, weekday, ...more] = expression.split(/\s+/);
  const plain = weekday !== undefined && !more.length && date === "*" && month === "*";
  const step = /^\*\/(\d+)$/.exec(minute);
  if (plain && hour === "*" && weekday === "*" && (minute === "*" || step)) return every(60 * Number(step?.[1] ?? 1));
  if (plain && hour === "*" && weekday === "*" && /^\d+$/.test(minute)) return t("every hour at minute {n}", { n: Number(minute) });
  const days = plain && /^\d+$/.test(minute) && /^\d+$/.test(hour) ? dayWords(weekday) : null;
  if (days) return t("{days} at {clock}", { days, clock: `${hour.padStart(2, "0")}:${minute.padStart(2, "0")}` });
  return t("cron {expression}", { expression });
}

function dayWords(weekday) {
  if (weekday === "*") return t("every day");
  const range = /^([0-7])-([0-7])$/.exec(weekday);
  if (range) return t("{first} to {last}", { first: DAYS[range[1]], last: DAYS[range[2]] });
  return /^[0-7](,[0-7])*$/.test(weekday) ? t("every {days}", { days: listed(weekday.split(",").map((day) => DAYS[day])) }) : null;
}

/** What a job must do to report, ready to copy: [{id, title, text}]. */
export function snippets({ ping_url: url, schedule, name }) {
  const seconds = intervalOf(schedule);
  const cron = seconds === null ? schedule : seconds >= 86_400 ? "0 2 * * *" : seconds >= 3600 ? "0 * * * *" : `*/${Math.max(1, Math.round(seconds / 60))} * * * *`;
  const calm = "curl -fsS -m 10 --retry 5 -o /dev/null";
  return [
    { id: "curl", title: "curl", text: `${calm} ${url}/start\nyour-job && ${calm} ${url} || ${calm} ${url}/fail` },
    { id: "cron", title: "cron", text: `${cron} your-job; ${calm} ${url}/$?` },
    { id: "python", title: "Python", text: `import urllib.request\n\nurllib.request.urlopen(urllib.request.Request("${url}", method="POST", data=b"done"), timeout=10)` },
    { id: "systemd", title: "systemd", text: `# ${name.replace(/\s+/g, " ")}: in the [Service] section of the unit; ${durationText(seconds) || schedule}\nExecStartPre=-${calm.replace("curl", "/usr/bin/curl")} ${url}/start\nExecStopPost=-/bin/sh -c '${calm} ${url}/\${EXIT_STATUS:-1}'` },
    { id: "powershell", title: "PowerShell", text: `Invoke-RestMethod -Method Post -Uri "${url}" -TimeoutSec 10` },
  ];
}
