import { OktaError } from "../okta-error.js";
import { newId, now } from "./identifiers.js";
import { groupTarget, userTarget } from "./log-event.js";
import { OrderedMap } from "./ordered-map.js";
import type { Group, GroupType, LogTarget, User } from "./types.js";

type Emit = (eventType: string, targets: readonly LogTarget[]) => void;

/** Groups and who is in them. */
export class Groups {
  readonly #emit: Emit;
  readonly #groups = new OrderedMap<Group>();
  readonly #members = new Map<string, OrderedMap<User["id"]>>();
  readonly #groupsOfUser = new Map<string, Set<string>>();

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  /** All groups, in the order in which they were created. */
  get all(): OrderedMap<Group> {
    return this.#groups;
  }

  /** @throws OktaError 404 */
  get(id: string): Group {
    const group = this.#groups.get(id);
    if (!group) throw OktaError.notFound(id, "UserGroup");
    return group;
  }

  /** @throws OktaError 400 when the name is empty or taken */
  create({
    name,
    description = "",
    type = "OKTA_GROUP",
    id = newId("00g"),
  }: {
    name: string;
    description?: string;
    type?: GroupType;
    id?: string;
  }): Group {
    this.#checkName(name);
    const time = now();
    const profile = { name, description };
    const group = { id, type, created: time, lastUpdated: time, lastMembershipUpdated: time, profile };
    this.#groups.set(id, group);
    this.#members.set(id, new OrderedMap());
    this.#emit("group.lifecycle.create", [groupTarget(group)]);
    return group;
  }

  /** @throws OktaError 400 when the name is empty or taken, 404 */
  update(id: string, profile: { name: string; description?: string }): Group {
    const group = this.get(id);
    if (profile.name !== group.profile.name) this.#checkName(profile.name);
    const updated = { ...group, lastUpdated: now(), profile: { ...group.profile, ...profile } };
    this.#groups.set(id, updated);
    this.#emit("group.profile.update", [groupTarget(updated)]);
    return updated;
  }

  /** Deletes a group and its memberships, of which the log says nothing. @throws OktaError 404 */
  delete(id: string): void {
    const group = this.get(id);
    for (const userId of this.membersOf(id).values()) this.#groupsOfUser.get(userId)?.delete(id);
    this.#members.delete(id);
    this.#groups.delete(id);
    this.#emit("group.lifecycle.delete", [groupTarget(group)]);
  }

  /** The ids of a group's members, in the order in which they were added. @throws OktaError 404 */
  membersOf(id: string): OrderedMap<User["id"]> {
    const members = this.#members.get(id);
    if (!members) throw OktaError.notFound(id, "UserGroup");
    return members;
  }

  /** A user's groups; none for an unknown id. */
  of(userId: string): Group[] {
    return [...(this.#groupsOfUser.get(userId) ?? [])].map((id) => this.get(id));
  }

  /** Adds a member. Does nothing when the user is one. @throws OktaError 404 */
  add(id: string, user: User): void {
    const group = this.get(id);
    const members = this.membersOf(id);
    if (members.has(user.id)) return;
    members.set(user.id, user.id);
    const groups = this.#groupsOfUser.get(user.id) ?? new Set();
    this.#groupsOfUser.set(user.id, groups.add(id));
    this.#touchMembers(group);
    // Everybody is in Everyone: there is no event about it.
    if (group.type !== "BUILT_IN") this.#emit("group.user_membership.add", [userTarget(user), groupTarget(group)]);
  }

  /** Removes a member. Does nothing when the user is none. @throws OktaError 404 */
  remove(id: string, user: User): void {
    const group = this.get(id);
    if (!this.membersOf(id).delete(user.id)) return;
    this.#groupsOfUser.get(user.id)?.delete(id);
    this.#touchMembers(group);
    this.#emit("group.user_membership.remove", [userTarget(user), groupTarget(group)]);
  }

  /** Removes a deleted user from all groups, of which the log says nothing. */
  forget(userId: string): void {
    for (const group of this.of(userId)) {
      this.membersOf(group.id).delete(userId);
      this.#touchMembers(group);
    }
    this.#groupsOfUser.delete(userId);
  }

  #touchMembers(group: Group): void {
    this.#groups.set(group.id, { ...group, lastMembershipUpdated: now() });
  }

  #checkName(name: string): void {
    if (name.trim() === "") throw OktaError.invalid("name", "The field cannot be left blank");
    for (const group of this.#groups.values()) {
      if (group.profile.name === name) {
        throw OktaError.invalid("name", "An object with this field already exists in the current organization");
      }
    }
  }
}
