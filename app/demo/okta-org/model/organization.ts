import { OktaError } from "../okta-error.js";
import { Groups } from "./groups.js";
import { newId, now } from "./identifiers.js";
import { type LifecycleAction, lifecycle } from "./lifecycle.js";
import { logEvent, userTarget } from "./log-event.js";
import { OrderedMap } from "./ordered-map.js";
import type { LogEvent, LogTarget, User, UserProfile, UserStatus } from "./types.js";

/** Who wants to know of what happens in an organization. */
export interface OrganizationListener {
  /** Something has happened: after it has. */
  event?(event: LogEvent): void;
  /** A user's sessions are over, and the refresh tokens too if `tokens`. */
  sessionsEnded?(userId: string, tokens: boolean): void;
}

/**
 * An Okta organization in memory: users, groups and memberships. Every change tells the listeners which event Okta would
 * write into its System Log.
 */
export class Organization {
  readonly groups: Groups;
  readonly #users = new OrderedMap<User>();
  readonly #idByLogin = new Map<string, string>();
  readonly #listeners: OrganizationListener[] = [];
  readonly #everyone: string;
  #isQuiet = false;

  constructor() {
    this.groups = new Groups((eventType, targets) => this.#emit(eventType, targets));
    this.#everyone = this.groups.create({ name: "Everyone", type: "BUILT_IN", id: "00g1gatehouseEvery5d" }).id;
  }

  listen(listener: OrganizationListener): void {
    this.#listeners.push(listener);
  }

  /** Makes changes that nobody hears of: how the organization was before anybody listened. */
  quietly(change: () => void): void {
    this.#isQuiet = true;
    try {
      change();
    } finally {
      this.#isQuiet = false;
    }
  }

  /** All users, deactivated ones included, in the order in which they were created. */
  get users(): OrderedMap<User> {
    return this.#users;
  }

  /** The user with an id or a login, or undefined. Logins are compared without regard to case. */
  findUser(idOrLogin: string): User | undefined {
    return this.#users.get(idOrLogin) ?? this.#users.get(this.#idByLogin.get(loginKey(idOrLogin)) ?? "");
  }

  /** @throws OktaError 404 */
  user(idOrLogin: string): User {
    const user = this.findUser(idOrLogin);
    if (!user) throw OktaError.notFound(idOrLogin, "User");
    return user;
  }

  /**
   * @param options - `status`: default ACTIVE
   * @throws OktaError 400 when an attribute is missing, or the login taken: that of a deactivated user is
   */
  createUser(profile: UserProfile, options: { status?: UserStatus; id?: string } = {}): User {
    const { status = "ACTIVE", id = newId("00u") } = options;
    this.#checkProfile(profile);
    const time = now();
    const user: User = {
      id,
      status,
      created: time,
      activated: status === "STAGED" ? null : time,
      statusChanged: status === "STAGED" ? null : time,
      lastLogin: null,
      lastUpdated: time,
      profile,
    };
    this.#users.set(id, user);
    this.#idByLogin.set(loginKey(profile.login), id);
    this.groups.add(this.#everyone, user);
    this.#emit("user.lifecycle.create", [userTarget(user)]);
    if (status !== "STAGED") this.#emit("user.lifecycle.activate", [userTarget(user)]);
    return user;
  }

  /** Changes the attributes that are named. @throws OktaError 400 when one is not allowed, 404 */
  updateProfile(id: string, changes: Partial<UserProfile>): User {
    const user = this.user(id);
    const profile = { ...user.profile, ...changes };
    this.#checkProfile(profile, user.id);
    this.#idByLogin.delete(loginKey(user.profile.login));
    this.#idByLogin.set(loginKey(profile.login), user.id);
    const updated = { ...user, profile, lastUpdated: now() };
    this.#users.set(user.id, updated);
    this.#emit("user.account.update_profile", [userTarget(updated)]);
    return updated;
  }

  /** @throws OktaError 403 when the user's status does not allow it, 404 */
  changeStatus(id: string, action: LifecycleAction): User {
    const user = this.user(id);
    const { from, to, eventType } = lifecycle[action];
    if (!from.some((status) => status === user.status)) throw OktaError.notAllowed(`${action}: ${user.status}`);
    const time = now();
    const activated = action === "activate" ? time : user.activated;
    const updated = { ...user, status: to, activated, statusChanged: time, lastUpdated: time };
    this.#users.set(user.id, updated);
    if (to === "SUSPENDED" || to === "DEPROVISIONED") this.#endSessions(user.id, true);
    this.#emit(eventType, [userTarget(updated)]);
    return updated;
  }

  /** Deactivates a user; deletes one that is deactivated, for good, with the memberships. @throws OktaError 404 */
  deleteUser(id: string): void {
    const user = this.user(id);
    if (user.status !== "DEPROVISIONED") {
      this.changeStatus(user.id, "deactivate");
      return;
    }
    this.groups.forget(user.id);
    this.#users.delete(user.id);
    this.#idByLogin.delete(loginKey(user.profile.login));
    this.#emit("user.lifecycle.delete.initiated", [userTarget(user)]);
    this.#emit("user.lifecycle.delete.completed", [userTarget(user)]);
  }

  /** @throws OktaError 403 for the group Everyone, 404 */
  addMember(groupId: string, userId: string): void {
    this.#checkMembersMayChange(groupId);
    this.groups.add(groupId, this.user(userId));
  }

  /** @throws OktaError 403 for the group Everyone, 404 */
  removeMember(groupId: string, userId: string): void {
    this.#checkMembersMayChange(groupId);
    this.groups.remove(groupId, this.user(userId));
  }

  /** Notes a login. */
  signedIn(id: string): void {
    const user = this.#users.get(id);
    if (user) this.#users.set(id, { ...user, lastLogin: now() });
  }

  /** Notes that a user has logged out. */
  signedOut(id: string): void {
    const user = this.#users.get(id);
    if (user) this.#emit("user.session.end", [userTarget(user)]);
  }

  /** Ends a user's sessions at Okta, and their refresh tokens if `tokens`. @throws OktaError 404 */
  clearSessions(id: string, tokens = false): void {
    const user = this.user(id);
    this.#endSessions(user.id, tokens);
    this.#emit("user.session.clear", [userTarget(user)]);
  }

  /** Logs a user out of Okta and of every app, as an administrator does who suspects a theft. @throws OktaError 404 */
  logOutEverywhere(id: string): void {
    const user = this.user(id);
    this.#endSessions(user.id, true);
    this.#emit("user.authentication.universal_logout", [userTarget(user)]);
  }

  #endSessions(userId: string, tokens: boolean): void {
    for (const listener of this.#listeners) listener.sessionsEnded?.(userId, tokens);
  }

  #emit(eventType: string, targets: readonly LogTarget[]): void {
    if (this.#isQuiet || this.#listeners.length === 0) return;
    const event = logEvent(eventType, targets);
    for (const listener of this.#listeners) listener.event?.(event);
  }

  #checkProfile(profile: UserProfile, id?: string): void {
    for (const name of ["login", "email", "firstName", "lastName"] as const) {
      const value: unknown = profile[name];
      if (typeof value !== "string" || value.trim() === "") {
        throw OktaError.invalid(name, "The field cannot be left blank");
      }
    }
    const owner = this.#idByLogin.get(loginKey(profile.login));
    if (owner !== undefined && owner !== id) {
      throw OktaError.invalid("login", "An object with this field already exists in the current organization");
    }
  }

  #checkMembersMayChange(groupId: string): void {
    if (this.groups.get(groupId).type === "BUILT_IN") throw OktaError.notAllowed("Everybody is in Everyone");
  }
}

function loginKey(login: string): string {
  return login.trim().toLowerCase();
}
