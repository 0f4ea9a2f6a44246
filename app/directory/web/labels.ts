import type { NoRoleReason } from "../lookup/roles.js";
import { isActive } from "../lookup/statuses.js";
import type { ReconciliationProgress } from "../store/state.js";
import type { ProgressPart } from "./sync-status.js";

/** Okta's statuses in words, and what they mean for the person. */
const statusTexts: Readonly<Record<string, readonly [word: string, meaning: string]>> = {
  ACTIVE: ["Active", "They log in as usual."],
  RECOVERY: ["Recovering", "They are setting a new password. Who they are is not in doubt, so their access goes on."],
  PASSWORD_EXPIRED: ["Password expired", "They have to change their password. Until then their access goes on."],
  LOCKED_OUT: [
    "Locked out",
    "Somebody has entered too many wrong passwords. Their sessions go on, as otherwise anybody could end them by guessing.",
  ],
  STAGED: ["Staged", "Their account has not been activated yet."],
  PROVISIONED: ["Provisioned", "They have been invited, and have not activated their account yet."],
  SUSPENDED: ["Suspended", "An administrator has suspended them in Okta."],
  DEPROVISIONED: [
    "Deactivated",
    "They were deactivated or deleted in Okta. Their name stays until they are erased, so that contacts, shares and decisions have one. Nobody is found by their e-mail address.",
  ],
};

/** A person's status, for a page. */
export interface StatusText {
  readonly word: string;
  /** Whether it lets them work here. */
  readonly mayWork: boolean;
  readonly meaning: string;
}

/** Okta's status of a person in words. @param status - `null`: not read from Okta */
export function statusText(status: string | null): StatusText {
  if (status === null) {
    const meaning =
      "Okta has not been asked about them yet, or its answer could not be read. They have no access meanwhile.";
    return { word: "Not read yet", mayWork: false, meaning };
  }
  const unknown = [status, "This CRM does not know this status of Okta's, so it counts as nobody's."] as const;
  const [word, meaning] = (Object.hasOwn(statusTexts, status) && statusTexts[status]) || unknown;
  return { word, mayWork: isActive(status), meaning };
}

const groupTypes: Readonly<Record<string, string>> = {
  OKTA_GROUP: "Okta group",
  BUILT_IN: "Built into Okta",
  APP_GROUP: "Of another application",
};

/** The type of a group in words; one that Okta has added since is shown as it is. */
export function groupTypeText(type: string): string {
  return (Object.hasOwn(groupTypes, type) && groupTypes[type]) || type;
}

const noRoleTexts: Readonly<Record<NoRoleReason, string>> = {
  "of another application":
    "Another application gives it its name, so that it gives a role only where ROLE_MAP has its id.",
  everyone: "All users of the organization are in it.",
  "without a name": "It has no name.",
  "named like an id": "It is named like the id of a group, which ROLE_MAP could mean another one by.",
  "not in the role map": "ROLE_MAP has neither its name nor its id.",
};

/** Why a group gives no role, in a sentence. */
export function noRoleText(reason: NoRoleReason): string {
  return noRoleTexts[reason];
}

const eventKinds: Readonly<Record<string, string>> = {
  hook: "Event hook",
  log: "System Log",
  load: "First load",
  delta: "Changes",
  reconciliation: "Comparison",
  brake: "Brake",
  failure: "Failure",
};

/** The kind of an event in a word or two. */
export function eventKindText(kind: string): string {
  return (Object.hasOwn(eventKinds, kind) && eventKinds[kind]) || kind;
}

const units = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
] as const;
const relative = new Intl.RelativeTimeFormat("en-GB");

/** How long ago something was, such as `4 seconds ago`. */
export function agoText(seconds: number): string {
  // Clocks differ.
  const ago = Math.max(0, seconds);
  const [unit, length] = units.find(([, each]) => ago >= 2 * each) ?? (["second", 1] as const);
  return relative.format(-Math.floor(ago / length), unit);
}

/** What is under way when everything is being read. @param reason - of a reconciliation; `null`: it is the first load */
export function progressTitle(reason: ReconciliationProgress["reason"] | null): string {
  if (reason === null) return "The first load is under way";
  const why = {
    daily: "as every day",
    "by hand": "as was asked for",
    "log lost": "after a gap in Okta's log",
    "group back": "as a group is there again",
    "manager attribute": "as another attribute of profiles names managers",
  };
  return `Everything is being compared with Okta, ${why[reason]}`;
}

/** What has been read of a part of everything: its name, and how far it is. */
export function partText({ name, state, count, of }: ProgressPart): { readonly label: string; readonly text: string } {
  const label = { groups: "Groups", users: "Users", members: "Memberships" }[name];
  const read = count.toLocaleString("en-GB");
  if (state === "later") return { label, text: "not begun" };
  if (state === "done") return { label, text: `${read} read` };
  const ofGroups = name === "members" && of ? `, of ${of.value} of ${numberOf(of.max, "group", "groups")}` : "";
  return { label, text: `${read} read so far${ofGroups}` };
}

/** The process that follows Okta. @param leader - its host, its process id, and what tells it from others of these */
export function leaderText(leader: string): string {
  const [host = "", pid = ""] = leader.split(" ");
  return `process ${pid} on ${host}`;
}

/** `1 person`, `2 people`: a number and its noun. */
export function numberOf(count: number, one: string, many: string): string {
  return `${count.toLocaleString("en-GB")} ${count === 1 ? one : many}`;
}

/** What is about so many people and memberships, such as `15 people and 1 membership`. Leaves out what is none. */
export function peopleAndMemberships(people: number, memberships: number): string {
  const parts = [
    ...(people > 0 || memberships === 0 ? [numberOf(people, "person", "people")] : []),
    ...(memberships > 0 ? [numberOf(memberships, "membership", "memberships")] : []),
  ];
  return parts.join(" and ");
}
