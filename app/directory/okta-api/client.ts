import type { Logger } from "pino";
import { z } from "zod";
import type { OktaApiCredentials } from "../../config.js";
import type { Answer } from "./answer.js";
import { OktaApiError } from "./errors.js";
import { nextLink, urlOfPage } from "./links.js";
import { OktaRequests } from "./requests.js";
import {
  checked,
  checkedEach,
  groupShape,
  logEventShape,
  memberShape,
  OKTA_ID,
  type OktaGroup,
  type OktaLogEvent,
  type OktaUser,
  type Unreadable,
  userShape,
} from "./shapes.js";

/** The most events that a page of the log has. A page with fewer is the log's end, for now. */
export const LOG_PAGE_EVENTS = 1000;
/** Okta's most for users, and what it recommends for groups and members. */
const PAGE_SIZE = 200;
/** Okta answers all groups of a user at once, or in pages: no user is in so many groups. */
const MAX_GROUP_PAGES = 100;

/** A part of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Those of its entries that do not have the expected shape. */
  readonly unreadable: readonly Unreadable[];
  /** What gives the next part; `undefined`: this is the last one. */
  readonly next: string | undefined;
  /** When Okta has answered, by its own clock and to the second; `undefined`: it does not say so. */
  readonly time: Date | undefined;
}

/** What an {@link OktaApi} works with. */
export interface OktaApiOptions {
  /** The organization's origin, such as `https://example.okta.com`. */
  readonly org: string;
  readonly credentials: OktaApiCredentials;
  /** Names of further attributes of profiles to read. */
  readonly attributes: readonly string[];
  /** The attribute of profiles that names managers. */
  readonly managerAttribute: string;
  readonly logger: Logger;
  /** How long one answer may take, in ms; default: 20 s. */
  readonly timeoutMs?: number;
}

/**
 * Okta's Management API, as far as a directory reads it (Okta, "Users API", "Groups API", "System Log API"). It waits when
 * limits are reached, or nearly so, and tries again what fails; see {@link OktaRequests}. Every method throws
 * {@link OktaApiError} when that does not help.
 *
 * Parameters named `page` take what an earlier page of the same list had as `next`.
 */
export class OktaApi {
  readonly #org: string;
  readonly #requests: OktaRequests;
  readonly #userShape: z.ZodType<OktaUser>;

  constructor(options: OktaApiOptions) {
    this.#org = options.org;
    this.#requests = new OktaRequests(options);
    this.#userShape = userShape(options);
  }

  /** How often Okta was asked since the start, refused because of its limits, and failed. */
  get counts() {
    return this.#requests.counts;
  }

  /** All users but those who are deactivated, 200 a page. */
  users(page?: string): Promise<Page<OktaUser>> {
    return this.#list(page ?? `/api/v1/users?limit=${PAGE_SIZE}`, this.#userShape);
  }

  /**
   * Users who changed after a time. Those who were deactivated or deleted are not among them.
   *
   * @param time - ISO 8601, of Okta's clock
   */
  usersChangedSince(time: string, page?: string): Promise<Page<OktaUser>> {
    const filter = encodeURIComponent(`lastUpdated gt "${time}"`);
    return this.#list(page ?? `/api/v1/users?limit=${PAGE_SIZE}&filter=${filter}`, this.#userShape);
  }

  /**
   * @returns `undefined` when Okta has no such user
   * @throws {@link OktaApiError} of the kind `malformed` when it has one that does not have the expected shape
   */
  async user(id: string): Promise<OktaUser | undefined> {
    const answer = await this.#find(`/api/v1/users/${id}`, id);
    const user = answer && checked(this.#userShape, answer.body, "user", id);
    // Okta takes a login for an id, too.
    return user?.id === id ? user : undefined;
  }

  /**
   * The groups that a user is in, as far as they can be read: one that cannot gives no role.
   *
   * @returns `undefined` when Okta has no such user
   */
  async groupsOf(userId: string): Promise<readonly OktaGroup[] | undefined> {
    const groups: OktaGroup[] = [];
    let page: string | undefined = `/api/v1/users/${userId}/groups`;
    for (let n = 0; page !== undefined; n++) {
      if (n === MAX_GROUP_PAGES) throw new OktaApiError("unavailable", "Okta's list of a user's groups does not end");
      const answer = await this.#find(page, userId);
      if (!answer) return undefined;
      groups.push(...checkedEach(groupShape, answer.body, "groups").items);
      page = nextLink(answer.headers, this.#org);
    }
    return groups;
  }

  /** All groups, 200 a page. */
  groups(page?: string): Promise<Page<OktaGroup>> {
    return this.#list(page ?? `/api/v1/groups?limit=${PAGE_SIZE}`, groupShape);
  }

  /**
   * Groups that changed, or whose members did, after a time. Those that were deleted are not among them.
   *
   * @param time - ISO 8601, of Okta's clock
   */
  groupsChangedSince(time: string, page?: string): Promise<Page<OktaGroup>> {
    const filter = encodeURIComponent(`lastUpdated gt "${time}" or lastMembershipUpdated gt "${time}"`);
    return this.#list(page ?? `/api/v1/groups?limit=${PAGE_SIZE}&filter=${filter}`, groupShape);
  }

  /** @returns as {@link user} does, and throws likewise */
  async group(id: string): Promise<OktaGroup | undefined> {
    const answer = await this.#find(`/api/v1/groups/${id}`, id);
    return answer && checked(groupShape, answer.body, "group", id);
  }

  /** The ids of a group's members, 200 a page. @returns `undefined` when Okta has no such group */
  async membersOf(groupId: string, page?: string): Promise<Page<string> | undefined> {
    const answer = await this.#find(page ?? `/api/v1/groups/${groupId}/users?limit=${PAGE_SIZE}`, groupId);
    return answer && { ...checkedEach(memberShape, answer.body, "members"), ...this.#placeOf(answer) };
  }

  /**
   * Events of the log in the order in which Okta has stored them: {@link LOG_PAGE_EVENTS} or fewer.
   *
   * @param cursor - from {@link logFrom}, or `next` of an earlier page
   * @returns a page that has `next` in any case: it is where a later read goes on
   */
  async log(cursor: string): Promise<Page<OktaLogEvent>> {
    const { body, headers } = await this.#requests.get(urlOfPage(cursor, this.#org));
    // What an event tells that cannot be read is not known: nothing is read over.
    const items = checked(z.array(logEventShape), body, "logs");
    const next = nextLink(headers, this.#org);
    if (next === undefined) throw new OktaApiError("unavailable", "Okta's log has no link to what comes next");
    return { items, unreadable: [], next, time: timeOf(headers) };
  }

  /** The cursor of the log for events that are published from a time on. */
  logFrom(time: Date): string {
    const since = encodeURIComponent(time.toISOString());
    return `${this.#org}/api/v1/logs?since=${since}&sortOrder=ASCENDING&limit=${LOG_PAGE_EVENTS}`;
  }

  /** Gives up what is under way: it is rejected, and so is what is asked from now on. */
  close(): void {
    this.#requests.close();
  }

  async #list<T>(page: string, shape: z.ZodType<T>): Promise<Page<T>> {
    const url = urlOfPage(page, this.#org);
    const answer = await this.#requests.get(url);
    const what = url.pathname.split("/").at(-1) ?? "";
    return { ...checkedEach(shape, answer.body, what), ...this.#placeOf(answer) };
  }

  #placeOf({ headers }: Answer): Pick<Page<unknown>, "next" | "time"> {
    return { next: nextLink(headers, this.#org), time: timeOf(headers) };
  }

  async #find(path: string, id: string) {
    return OKTA_ID.test(id) ? this.#requests.find(urlOfPage(path, this.#org)) : undefined;
  }
}

/** The header `Date` (RFC 9110, section 6.6.1). */
function timeOf(headers: Headers): Date | undefined {
  const time = new Date(headers.get("Date") ?? "");
  return Number.isNaN(time.getTime()) ? undefined : time;
}
