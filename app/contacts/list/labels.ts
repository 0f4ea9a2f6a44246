import { MOST_COUNTED } from "./counts.js";
import { daysOf, type FilterName, type ListQuery, OWNER_GONE, type SortKey, type View } from "./query.js";

export const viewLabels: Readonly<Record<View, string>> = {
  everyone: "Everyone's",
  mine: "Mine",
  shared: "Shared with me",
  team: "My team's",
  unowned: "Without an owner",
};

export const filterLabels: Readonly<Record<FilterName, string>> = {
  q: "Search",
  owner: "Owner",
  company: "Company",
  tag: "Tag",
  changedSince: "Changed",
};

const sortLabels: Readonly<Record<SortKey, readonly [forwards: string, backwards: string]>> = {
  name: ["Name, A to Z", "Name, Z to A"],
  email: ["E-mail, A to Z", "E-mail, Z to A"],
  company: ["Company, A to Z", "Company, Z to A"],
  title: ["Title, A to Z", "Title, Z to A"],
  created: ["Oldest first", "Newest first"],
  updated: ["Longest unchanged first", "Last changed first"],
};

/** All sorts with their labels, in the order of a form. */
export const sortChoices: readonly (readonly [sort: ListQuery["sort"], label: string])[] = Object.entries(
  sortLabels,
).flatMap(([key, [forwards, backwards]]) => [
  [key as SortKey, forwards] as const,
  [`-${key as SortKey}` as const, backwards] as const,
]);

/** The choices of `changedSince` that a form offers. */
const DAYS_OFFERED = [1, 7, 30, 90, 365];

/** The choices of a form for `changedSince`, with the one that is set, whatever it is. */
export function changedChoices(set: string): readonly (readonly [value: string, label: string])[] {
  const offered = DAYS_OFFERED.map((days) => `${days}d`);
  return [...offered, ...(set === "" || offered.includes(set) ? [] : [set])].map((value) => [value, sinceText(value)]);
}

/** A value of `changedSince`, in words. */
function sinceText(value: string): string {
  const days = daysOf(value);
  if (days === undefined) return `since ${dayText(new Date(`${value}T00:00:00Z`), true)}`;
  return days === 1 ? "in the last 24 hours" : `in the last ${days} days`;
}

/** A value of a filter, in words. @param ownerName - of the owner that is meant, where it is one */
export function filterText(name: FilterName, value: string, ownerName: string | undefined): string {
  if (name === "changedSince") return sinceText(value);
  if (name !== "owner") return value;
  return value === OWNER_GONE ? "has left" : (ownerName ?? value);
}

/** How many contacts a list has, in words. */
export function countText(total: number): string {
  if (total > MOST_COUNTED) return `More than ${numberText(MOST_COUNTED)} contacts`;
  return `${numberText(total)} ${total === 1 ? "contact" : "contacts"}`;
}

/** How many contacts a view has: what is seen, and what is said. */
export function viewCount(count: number): { readonly seen: string; readonly said: string } {
  const isMore = count > MOST_COUNTED;
  const number = numberText(Math.min(count, MOST_COUNTED));
  return { seen: isMore ? `${number}+` : number, said: isMore ? `more than ${number}` : number };
}

function numberText(number: number): string {
  return number.toLocaleString("en-GB");
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** How long ago a time is; after a week its day, and of another year its month: as short as a column is narrow. */
export function shortAgo(time: Date, now = new Date()): string {
  const ms = now.getTime() - time.getTime();
  if (ms < MINUTE_MS) return "now";
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  if (ms < DAY_MS) return `${Math.floor(ms / HOUR_MS)} h`;
  if (ms < 7 * DAY_MS) return `${Math.floor(ms / DAY_MS)} d`;
  if (time.getUTCFullYear() === now.getUTCFullYear()) return dayText(time, false);
  return time.toLocaleString("en-GB", { month: "short", year: "numeric", timeZone: "UTC" });
}

function dayText(time: Date, hasYear: boolean): string {
  return time.toLocaleString("en-GB", {
    day: "numeric",
    month: "short",
    ...(hasYear && { year: "numeric" }),
    timeZone: "UTC",
  });
}
