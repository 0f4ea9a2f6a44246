import { keepsTokens } from "../../../../app/demo/okta-org/model/lifecycle.js";
import type { Organization } from "../../../../app/demo/okta-org/model/organization.js";

import { isReadable } from "../okta-server.js";

/** The end of a fact, in ms since 1970. */
export interface FactEnd {
  /** When the organization told that it is so no longer. */
  readonly at: number;
  /** When that was in the log for certain; `undefined`: it is not yet. */
  inLogBy: number | undefined;
}

/** What decisions rest on. */
export const fact = {
  active: (userId: string) => ({ subject: userId, what: "is active" }),
  member: (userId: string, groupId: string) => ({ subject: userId, what: `is in ${groupId}` }),
  name: (groupId: string, name: string) => ({ subject: groupId, what: `is called ${name}` }),
};
type Fact = ReturnType<(typeof fact)[keyof typeof fact]>;

/**
 * Everything that decisions rest on and that was ever so in an organization, and when it ended. What begins counts at once.
 * What ends counts from when an event tells of it: what happens quietly, nobody can know.
 */
export class Facts {
  readonly #organization: Organization;
  readonly #maxLogLagMs: () => number;
  /** By subject and what is said of it; `undefined`: it is so. */
  readonly #facts = new Map<string, Map<string, FactEnd | undefined>>();

  /** @param maxLogLagMs - how long it takes at most from an event to its place in the log */
  constructor(organization: Organization, maxLogLagMs: () => number) {
    this.#organization = organization;
    this.#maxLogLagMs = maxLogLagMs;
    for (const { id } of organization.users.values()) this.#begin(factsOfUser(organization, id));
    for (const { id } of organization.groups.all.values()) this.#begin(factsOfGroup(organization, id));
    organization.listen({
      event: ({ target }) => {
        for (const { id, type } of target) {
          const now = type === "User" ? factsOfUser(organization, id) : factsOfGroup(organization, id);
          this.#begin(now);
          this.#endOthers(id, now);
        }
      },
    });
  }

  /** Notes what has quietly begun to be so of a user. */
  notice(userId: string): void {
    this.#begin(factsOfUser(this.#organization, userId));
  }

  /** When a fact ended; `undefined`: it is so; `null`: it never was. */
  endOf({ subject, what }: Fact): FactEnd | undefined | null {
    const known = this.#facts.get(subject);
    return known?.has(what) ? known.get(what) : null;
  }

  #begin(facts: readonly Fact[]): void {
    for (const { subject, what } of facts) {
      const known = this.#facts.get(subject) ?? new Map();
      this.#facts.set(subject, known.set(what, undefined));
    }
  }

  #endOthers(subject: string, facts: readonly Fact[]): void {
    const known = this.#facts.get(subject);
    for (const [what, end] of known ?? []) {
      if (end || facts.some((still) => still.what === what)) continue;
      const ended: FactEnd = { at: Date.now(), inLogBy: undefined };
      known?.set(what, ended);
      // The log's own timer has been set before, and for no longer.
      setTimeout(() => {
        ended.inLogBy = Date.now();
      }, this.#maxLogLagMs() + 1).unref();
    }
  }
}

function factsOfUser(organization: Organization, id: string): Fact[] {
  const user = organization.findUser(id);
  if (!user) return [];
  const groups = organization.groups.of(id).map((group) => fact.member(id, group.id));
  return keepsTokens(user) && isReadable(user) ? [fact.active(id), ...groups] : groups;
}

function factsOfGroup({ groups }: Organization, id: string): Fact[] {
  const group = groups.all.get(id);
  return group ? [fact.name(id, group.profile.name)] : [];
}
