import type { Request, Response } from "express";
import type { Db } from "../../db/database.js";
import { renderPage } from "../../web/pages.js";
import {
  agoText,
  eventKindText,
  groupTypeText,
  leaderText,
  noRoleText,
  numberOf,
  partText,
  peopleAndMemberships,
  progressTitle,
  statusText,
} from "./labels.js";
import { type Cursor, DEFAULT_LIMIT, DEFAULT_SHOW, encodeCursor, type PeopleQuery } from "./list-query.js";
import { listedJson, personJson, type Rules } from "./person.js";
import { maySeeSync, personResource, wholeDirectory } from "./resource.js";
import type { DirectoryPerson, ListedPerson } from "./store.js";
import {
  type FollowedDirectory,
  readSyncStatus,
  readSyncSummary,
  type SyncStatus,
  type SyncSummary,
} from "./sync-status.js";

/** A page of the list of people, as far as the user may see them. */
export interface ShownPeople {
  readonly people: readonly ListedPerson[];
  readonly total: number;
  readonly next: Cursor | null;
}

/** The address of a page of the list. Parameters with their default value are left out. */
function listUrl({ q, show, limit }: Omit<PeopleQuery, "after">, after?: Cursor): string {
  const query = new URLSearchParams({
    ...(q && { q }),
    ...(show !== DEFAULT_SHOW && { show }),
    ...(limit !== DEFAULT_LIMIT && { limit: String(limit) }),
    ...(after && { after: encodeCursor(after) }),
  });
  return query.size > 0 ? `/directory?${query}` : "/directory";
}

/** What a list of people is of: `isWhole`, whether the user may see everybody, and not only those who report to them. */
interface ShownQuery extends PeopleQuery {
  readonly isWhole: boolean;
}

/** Answers with a page of the list of people. */
export async function showPeople(
  req: Request,
  res: Response,
  db: Db,
  followed: FollowedDirectory | undefined,
  query: ShownQuery,
  result: Promise<ShownPeople>,
): Promise<void> {
  const locals = async () => {
    const [{ people, total, next }, seesSync] = await Promise.all([result, maySeeSync(req)]);
    const summary = followed && seesSync ? await readSyncSummary(db, followed.settings) : null;
    return {
      ...query,
      isFollowed: followed !== undefined,
      seesSync: followed !== undefined && seesSync,
      sync: summary && summaryText(summary),
      rows: people.map((person) => ({ ...listedJson(person, followed?.rules), statusText: statusText(person.status) })),
      found: numberOf(total, "person", "people"),
      next: next && listUrl(query, next),
      first: query.after ? listUrl(query) : null,
      unsearched: listUrl({ ...query, q: "" }),
    };
  };
  await renderPage(req, res, "directory/index", query.isWhole ? "Directory" : "Your reports", locals());
}

/** What a person's page offers besides what the directory does. */
export type PersonLinks = (
  req: Request,
  person: DirectoryPerson,
) => Promise<readonly { readonly href: string; readonly label: string }[]>;

/** Answers with the page of one person. */
export async function showPerson(
  req: Request,
  res: Response,
  person: DirectoryPerson,
  rules: Rules,
  linksOf: PersonLinks,
): Promise<void> {
  const shown = personJson(person, rules);
  const locals = async () => {
    const [mayRevoke, links] = await Promise.all([
      req.authz.can(personResource(person), "revoke"),
      linksOf(req, person),
    ]);
    return { mayRevoke, links, ...factsOf(person) };
  };
  const factsOf = (person: DirectoryPerson) => ({
    person,
    isFollowed: rules !== undefined,
    status: statusText(person.status),
    reports: reportsText(person.reports),
    roles: shown.roles.map((role) => ({ role, groups: "grants" in shown ? groupsGiving(role, shown.grants) : [] })),
    ...("groups" in shown && {
      isRead: shown.isRead,
      unusable: shown.unusable,
      attributes: Object.entries(shown.attributes).map(([name, value]) => [
        name,
        typeof value === "string" ? value : JSON.stringify(value),
      ]),
      groups: shown.groups.map(({ name, type, roles, noRole }) => ({
        ...{ name, roles, type: groupTypeText(type), noRole: noRole && noRoleText(noRole) },
      })),
    }),
  });
  await renderPage(req, res, "directory/person", person.name || person.email || person.id, locals());
}

/** Answers with the page of how the directory follows Okta. @param refusal - why what was asked for was not done */
export async function showSync(
  req: Request,
  res: Response,
  db: Db,
  followed: FollowedDirectory | undefined,
  refusal: string | null = null,
): Promise<void> {
  const locals = async () => {
    const [[may], status] = await Promise.all([
      req.authz.canEach([wholeDirectory], ["release", "reconcile"]),
      followed ? readSyncStatus(db, followed.settings) : null,
    ]);
    return {
      refusal,
      may,
      isFollowed: followed !== undefined,
      ...(followed && {
        ...{ brakePercent: followed.settings.brakePercent, syncSeconds: followed.settings.syncSeconds },
        hasHook: followed.hasHook,
      }),
      status: status && statusOfPage(status),
    };
  };
  await renderPage(req, res, "directory/sync", "How the directory follows Okta", locals());
}

function statusOfPage(status: SyncStatus) {
  const { progress, brake, leader, inbox, events } = status;
  return {
    ...status,
    ...summaryText(status),
    leader: leader && leaderText(leader),
    inbox: { ...inbox, oldest: inbox.oldestSeconds === null ? null : agoText(inbox.oldestSeconds) },
    progress: progress && {
      title: progressTitle(progress.reason),
      parts: progress.parts.map((part) => ({ ...part, ...partText(part) })),
    },
    brake: brake && {
      ...brake,
      found: peopleAndMemberships(brake.people, brake.memberships),
      now: peopleAndMemberships(brake.held.people, brake.held.memberships),
    },
    events: events.map(({ time, kind, text }) => ({
      time: time.toISOString(),
      kind: eventKindText(kind),
      isFailure: kind === "failure" || kind === "brake",
      text: `${text.charAt(0).toUpperCase()}${text.slice(1)}`,
    })),
  };
}

/** What a page says in short about how closely the directory follows Okta. */
export function summaryText({ version, asOf, ageSeconds, isUpToDate, underWay, brake }: SyncSummary) {
  return {
    ...{ version, asOf, isUpToDate, underWay },
    age: ageSeconds === null ? null : agoText(ageSeconds),
    held: brake && peopleAndMemberships(brake.people, brake.memberships),
  };
}

/** Such as `3 people, 1 of them directly`. */
function reportsText({ direct, all }: DirectoryPerson["reports"]): string {
  const people = numberOf(all, "person", "people");
  return direct === all ? `${people}, directly` : `${people}, ${direct.toLocaleString("en-GB")} of them directly`;
}

function groupsGiving(role: string, grants: readonly { role: string; group: { name: string } }[]): string[] {
  return grants.filter((grant) => grant.role === role).map(({ group }) => group.name);
}
