import type { LifecycleAction } from "../../../../app/demo/okta-org/model/lifecycle.js";
import type { Organization } from "../../../../app/demo/okta-org/model/organization.js";
import type { Group, User } from "../../../../app/demo/okta-org/model/types.js";
import { isReadable } from "../okta-server.js";
import type { Step } from "./history.js";

type OrganizationStep = Exclude<Step["kind"], "expireCursors" | "reconcile" | "kill" | "freeze">;

/** One of some things, by any number. */
export function pick<T>(things: readonly T[], n: number): T | undefined {
  return things[n % things.length];
}

/**
 * Does a step in an organization, where it is possible: nobody who is active can be unsuspended.
 *
 * @param n - the step's number, for names that nobody has yet
 * @returns the id of the user whom it was about, if any
 */
export function doStep(organization: Organization, { kind, a, b, isQuiet }: Step, n: number): string | undefined {
  const steps = organizationSteps(organization, a, b, n);
  const step = Object.hasOwn(steps, kind) ? steps[kind as OrganizationStep] : undefined;
  if (!isQuiet || kind.endsWith("Group")) return step?.();
  let userId: string | undefined;
  organization.quietly(() => {
    userId = step?.();
  });
  return userId;
}

function organizationSteps(
  organization: Organization,
  a: number,
  b: number,
  n: number,
): Record<OrganizationStep, () => string | undefined> {
  const { groups } = organization;
  const users = [...organization.users.values()];
  const named = [...groups.all.values()].filter(({ type }) => type !== "BUILT_IN");
  const groupsOf = (user: User | undefined) =>
    user ? groups.of(user.id).filter(({ type }) => type !== "BUILT_IN") : [];
  const anyUser = pick(users, a);
  const member = pick(
    users.filter((user) => groupsOf(user).length > 0),
    a,
  );
  const anyGroup = pick(named, b);

  function change(action: LifecycleAction, from: readonly User["status"][]): string | undefined {
    const user = pick(
      users.filter(({ status }) => from.includes(status)),
      a,
    );
    return user && organization.changeStatus(user.id, action).id;
  }

  function create(login: string): string {
    const names = { firstName: "New", lastName: String(n), displayName: `New ${n}` };
    const status = b % 5 === 0 ? "STAGED" : "ACTIVE";
    const { id } = organization.createUser({ login, email: login, ...names, department: "New" }, { status });
    join(anyGroup, id);
    return id;
  }

  function join(group: Group | undefined, userId: string): string {
    if (group) organization.addMember(group.id, userId);
    return userId;
  }

  function leave(): string | undefined {
    const group = pick(groupsOf(member), b);
    if (group && member) organization.removeMember(group.id, member.id);
    return member?.id;
  }

  return {
    create: () => create(`new${n}@example.com`),
    recreate() {
      if (!anyUser) return undefined;
      const { id, profile, status } = anyUser;
      organization.deleteUser(id);
      if (status !== "DEPROVISIONED") organization.deleteUser(id);
      return create(profile.login);
    },
    changeProfile() {
      const values = [{ department: `Dept ${n}` }, { displayName: `Name ${n}` }, { login: `other${n}@example.com` }];
      return anyUser && organization.updateProfile(anyUser.id, pick(values, b) ?? {}).id;
    },
    takeAddress() {
      const email = pick(users, b)?.profile.email;
      return anyUser && email ? organization.updateProfile(anyUser.id, { email }).id : undefined;
    },
    spoil: () => anyUser && organization.updateProfile(anyUser.id, { title: isReadable(anyUser) ? 7 : "Clerk" }).id,
    join: () => anyUser && join(anyGroup, anyUser.id),
    leave,
    move() {
      const userId = leave();
      return userId && join(pick(named, a + b), userId);
    },
    suspend: () => change("suspend", ["ACTIVE"]),
    unsuspend: () => change("unsuspend", ["SUSPENDED"]),
    lock: () => change("lock", ["ACTIVE"]),
    unlock: () => change("unlock", ["LOCKED_OUT"]),
    deactivate: () => change("deactivate", ["ACTIVE", "SUSPENDED", "STAGED", "LOCKED_OUT"]),
    activate: () => change("activate", ["STAGED", "DEPROVISIONED"]),
    delete() {
      if (!anyUser) return undefined;
      organization.deleteUser(anyUser.id);
      if (b % 2 === 0 && organization.findUser(anyUser.id)) organization.deleteUser(anyUser.id);
      return anyUser.id;
    },
    createGroup: () => void groups.create({ name: `New group ${n}` }),
    renameGroup: () => void (anyGroup && groups.update(anyGroup.id, { name: `Renamed ${n}` })),
    deleteGroup: () => void (anyGroup && groups.delete(anyGroup.id)),
  };
}
