import type { Answer, Pdp, Plan, Principal } from "../types.js";

/** The permissions of principals, each as `kind:action`, by the principal's id. */
export type PermissionTable = Readonly<Record<string, readonly string[]>>;

/** A kind, a colon and an action. Kinds and actions may contain colons too: the texts are compared as a whole. */
const PERMISSION = /^.+:[^:]+$/;

/**
 * A PDP for tests, which answers without a network. It allows what the table lists and denies everything else. Of a
 * principal it looks at the id alone, and of a resource at the kind alone: not at roles, ids or attributes. Its plans
 * are `allowed` or `denied`, never conditional.
 *
 * @param table - permissions by principal id; it is read once, so later changes have no effect. A principal that is not
 *   in it has no permissions
 * @throws TypeError at once when the table is not of that shape, for instance when a permission lacks its kind
 * @example
 * const pdp = fakePdp({ ann: ["invoice:read", "invoice:approve"], ben: ["invoice:read"] });
 * app.use(authorization({ pdp, principal }));
 */
export function fakePdp(table: PermissionTable): Pdp {
  if (!isPlainObject(table)) throw tableError("an object with permissions by principal id");
  const permissions = new Map(Object.entries(table).map(([id, listed]) => [id, new Set(permissionsIn(id, listed))]));
  const isAllowed = ({ id }: Principal, kind: string, action: string) =>
    permissions.get(id)?.has(`${kind}:${action}`) ?? false;
  return {
    async check(principal, checks): Promise<readonly Answer[]> {
      return checks.map(({ kind, action }) => ({ allowed: isAllowed(principal, kind, action), callId: "" }));
    },
    async plan(principal, kind, action): Promise<Plan> {
      return { filter: { decision: isAllowed(principal, kind, action) ? "allowed" : "denied" }, callId: "" };
    },
    async ping() {},
    close() {},
  };
}

/** Whether a value is an object literal. A `Map` or an array would be taken for a table without permissions. */
function isPlainObject(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Test runners have an Object of their own, so it is not compared with this one.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function permissionsIn(id: string, listed: unknown): readonly string[] {
  if (Array.isArray(listed) && listed.every((each) => typeof each === "string" && PERMISSION.test(each))) return listed;
  throw tableError(`a list of "kind:action" for ${JSON.stringify(id)}`);
}

function tableError(expected: string): TypeError {
  return new TypeError(`fakePdp(): there must be ${expected}, such as { ann: ["invoice:approve"] }.`);
}
