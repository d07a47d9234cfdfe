// Escalation policies with the names of whom they tell.

import * as api from "../api.mjs";
import { t } from "../lib/words.mjs";

/** Policies, and the names of everything their levels may tell, by kind. */
export const loadPolicies = async (signal) => {
  const [policies, members, teams, channels, schedules] = await Promise.all(["/escalation-policies", "/members", "/teams", "/notification-channels", "/on-call-schedules"].map((path) => api.all(path, {}, { signal })));
  const names = {
    user: members.filter((each) => each.status !== "invited").map((each) => [each.user_id, each.full_name]),
    team: teams.map((each) => [each.id, each.name]),
    channel: channels.map((each) => [each.id, each.name]),
    schedule: schedules.map((each) => [each.id, each.name]),
  };
  return { policies, names };
};
/** Kinds of receivers of a level, with their words. */
export const KINDS = [["schedule", t("whoever is on call in")], ["user", t("the person")], ["team", t("the team")], ["channel", t("the channel")]];
/** The name of whom a level tells. */
export const nameOf = (names, rule) => names[rule.notify_type].find(([id]) => id === rule.notify_id)?.[1] ?? t("something that is gone");
/** When a level is told, in words. */
export const delay = (minutes) => (minutes ? t("after {n} min", { n: minutes }) : t("at once"));
