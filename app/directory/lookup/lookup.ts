import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import type { DirectoryFacts } from "../../auth/claims.js";
import type { CurrentPerson } from "../../auth/current-person.js";
import type { Db } from "../../db/database.js";
import { withDeadline } from "../../deadline.js";
import { factsOf, type KnownFacts } from "./facts.js";
import { recentResults } from "./recent.js";
import type { DirectoryRules } from "./roles.js";
import { changedSince, countPeople, type DirectoryState, readState, readUser, type StoredUser } from "./store.js";
import { outOfDate, userNotRead } from "./unavailable.js";

/** How old what is known of a user may be when a request comes, in ms. */
const MAX_STALENESS_MS = 100;
const MAX_CACHED_PEOPLE = 10_000;
/** When so many have changed, all people are read anew instead. */
const MAX_DROPPED_ONE_BY_ONE = 1_000;
/** How long a user that Okta does not know is not asked for again, and how many of them are remembered. */
const UNKNOWN_LIFETIME_MS = 60_000;
const MAX_UNKNOWN = 10_000;
/** How long a request waits for a user to be read from Okta. */
const FETCH_TIMEOUT_MS = 5_000;

/** What a {@link DirectoryLookup} works with. */
export interface LookupOptions {
  readonly db: Db;
  /** How a user becomes a principal. */
  readonly rules: DirectoryRules;
  /** How long ago the directory may have followed Okta to the end of its log, in seconds. */
  readonly maxAgeSeconds: number;
  /**
   * Reads a user and their groups from Okta into the directory now. It resolves when they are there, or are known not to be
   * in Okta; it is rejected when Okta does not answer. Calls about the same user at the same time share one read, also when
   * the request of the first one does not wait for it any more.
   */
  readonly fetchNow: (id: string) => Promise<unknown>;
  readonly logger: Logger;
}

/** How old the directory is, and how large. */
export interface DirectoryHealth {
  /** How long ago it followed Okta to the end of its log, in seconds; `null`: it never has. */
  readonly ageSeconds: number | null;
  readonly isUpToDate: boolean;
  /** Whether the first load is complete. */
  readonly isLoaded: boolean;
  readonly version: number;
}

/** What is known of a user, as it was at a version of the directory. */
interface Known extends KnownFacts {
  readonly version: number;
}

/**
 * Says who a user is now, by the directory: whether the user is active, with which groups and roles.
 *
 * What it says was so at a moment that is no more than 100 ms before the request. What is known of users is cached, and
 * used while the directory's version is read again and again, by one query for all requests that need it within 100 ms. When
 * the version has grown, those of whom something changed since are dropped, and all of them when a group has changed. What is
 * read of a user carries the version that the database had in the same snapshot: what was read before a version that has
 * been seen meanwhile is not kept, as the change may have been about it.
 */
export class DirectoryLookup {
  readonly rules: DirectoryRules;
  readonly #options: LookupOptions;
  readonly #people = new LRUCache<string, Known>({ max: MAX_CACHED_PEOPLE });
  /** The users that Okta was asked for in vain. */
  readonly #unknown = new LRUCache<string, true>({ max: MAX_UNKNOWN, ttl: UNKNOWN_LIFETIME_MS });
  /** Up to which state the cache is right. */
  #state: DirectoryState | undefined;
  readonly #recentState = recentResults(MAX_STALENESS_MS, () => this.#readState());
  /** The attributes of which the log says already that policies cannot rely on them. */
  readonly #warnedOf = new Set<string>();

  constructor(options: LookupOptions) {
    this.#options = options;
    this.rules = options.rules;
  }

  /**
   * Who the user is now, whom a login or an access token has named. Only the claims stay what they were. A user who is not in
   * the directory yet, or whose groups or attributes are not, is fetched from Okta once.
   *
   * @returns `null` for one whose status does not let them log in, or whom Okta does not know
   * @throws DirectoryUnavailableError 503 when the directory has not followed Okta for too long, and when a user who is not in
   * it cannot be fetched
   */
  readonly current: CurrentPerson = async (claimed) => {
    const state = await this.#recentState();
    const { asOf, ageSeconds } = state ?? { asOf: null, ageSeconds: null };
    if (!state || asOf === null || !this.#isUpToDate(ageSeconds)) throw outOfDate(ageSeconds);
    const known = this.#people.get(claimed.id) ?? (await this.#read(claimed.id));
    const isToBeFetched = known.isUnread && !this.#unknown.has(claimed.id);
    const { version, facts } = isToBeFetched ? await this.#fetch(claimed.id) : known;
    if (!facts) return null;
    const { attributes, unusable, grants, timeZone, ...shown } = facts;
    return {
      ...{ id: claimed.id, claims: claimed.claims, ...shown },
      directoryVersion: Math.max(version, state.version),
      directory: { attributes, unusable, grants, timeZone, asOf },
    };
  };

  /** How old the directory is. It takes no query within 100 ms of the last one. */
  async health(): Promise<DirectoryHealth> {
    const state = await this.#recentState();
    const ageSeconds = state?.ageSeconds ?? null;
    return {
      ageSeconds,
      isUpToDate: this.#isUpToDate(ageSeconds),
      isLoaded: state?.isLoaded ?? false,
      version: state?.version ?? 0,
    };
  }

  /** How many people are in the directory, tombstones left out. */
  countPeople(): Promise<number> {
    return countPeople(this.#options.db);
  }

  #isUpToDate(ageSeconds: number | null): boolean {
    return ageSeconds !== null && ageSeconds <= this.#options.maxAgeSeconds;
  }

  /** Reads the directory's state, and drops from the cache what has changed. Runs of this do not overlap. */
  async #readState(): Promise<DirectoryState | undefined> {
    const { db } = this.#options;
    const state = await readState(db);
    const last = this.#state;
    const isAsBefore = state && last && last.version === state.version && last.isLoaded === state.isLoaded;
    const canDropSome =
      state && last?.isLoaded === state.isLoaded && last.version < state.version && state.groupsVersion <= last.version;
    const changed = canDropSome ? await changedSince(db, last.version, MAX_DROPPED_ONE_BY_ONE + 1) : [];
    if (canDropSome && changed.length <= MAX_DROPPED_ONE_BY_ONE) this.#drop(changed);
    else if (!isAsBefore) this.#people.clear();
    this.#state = state;
    return state;
  }

  #drop(ids: readonly string[]): void {
    for (const id of ids) this.#people.delete(id);
    // Another user may have given an address up.
    const shared = [...this.#people.entries()].filter(([, { facts }]) => facts?.emailIsVerified === false);
    for (const [id] of shared) this.#people.delete(id);
  }

  async #read(id: string): Promise<Known> {
    const user = await readUser(this.#options.db, id);
    if (!user) throw outOfDate(null);
    const known = this.#knownOf(user);
    const other = this.#people.get(id);
    // Another request has read them later, and got its answer earlier.
    if (other && other.version > known.version) return other;
    if (this.#state && known.version >= this.#state.version) this.#people.set(id, known);
    return known;
  }

  #knownOf(user: StoredUser): Known {
    const { isUnread, facts } = factsOf(user, this.rules);
    if (facts) this.#warnOf(facts.unusable);
    return { version: user.version, isUnread, facts };
  }

  /** Says once of each attribute that policies cannot rely on it, and not of whom. */
  #warnOf(unusable: DirectoryFacts["unusable"]): void {
    for (const { name, because } of unusable) {
      if (this.#warnedOf.has(name)) continue;
      this.#warnedOf.add(name);
      const text = "users have no role whose profile has a value in Okta that policies cannot rely on";
      this.#options.logger.warn({ attribute: name, because }, text);
    }
  }

  /** Reads a user from Okta, then from the directory. */
  async #fetch(id: string): Promise<Known> {
    const timeout = () => new Error("Okta did not answer in time");
    await withDeadline(this.#options.fetchNow(id), FETCH_TIMEOUT_MS, timeout).catch((cause: unknown) => {
      throw userNotRead(cause);
    });
    const known = await this.#read(id);
    if (known.isUnread) this.#unknown.set(id, true);
    return known;
  }
}
