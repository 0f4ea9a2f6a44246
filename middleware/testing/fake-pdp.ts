import type { Filter } from "../filter/filter.js";
import type { Answer, Pdp, Plan, Principal } from "../types.js";

/**
 * The permissions of principals by the principal's id: `kind:action` for all resources of a kind, and
 * `kind:action#id` for one of them.
 */
export type PermissionTable = Readonly<Record<string, readonly string[]>>;

/** A kind, a colon, an action, and perhaps `#` and an id. Kinds and ids may contain colons too, and ids `#`. */
const PERMISSION = /^(?<permission>[^#]+:[^:#]+)(?:#(?<id>.+))?$/;

/** The ids of the resources that a permission is for, or all. */
type Extent = ReadonlySet<string> | "all";

/**
 * A PDP for tests, which answers without a network. It allows what the table lists and denies everything else. Of a
 * principal it looks at the id alone, and of a resource at the kind and the id alone: not at roles or attributes.
 *
 * It plans as well: all resources of a kind for `kind:action`, those with the listed ids for `kind:action#id`, and none
 * otherwise.
 *
 * @param table - permissions by principal id; it is read once, so later changes have no effect. A principal that is not
 *   in it has no permissions
 * @throws TypeError at once when the table is not of that shape, for instance when a permission lacks its kind
 * @example
 * const pdp = fakePdp({ ann: ["invoice:read", "invoice:approve"], ben: ["invoice:read#42"] });
 * app.use(authorization({ pdp, principal }));
 */
export function fakePdp(table: PermissionTable): Pdp {
  if (!isPlainObject(table)) throw tableError("an object with permissions by principal id");
  const permissions = new Map(Object.entries(table).map(([id, listed]) => [id, permissionsIn(id, listed)]));
  const extentOf = ({ id }: Principal, kind: string, action: string): Extent =>
    permissions.get(id)?.get(`${kind}:${action}`) ?? new Set();
  return {
    async check(principal, checks): Promise<readonly Answer[]> {
      return checks.map(({ kind, action, resource }) => {
        const extent = extentOf(principal, kind, action);
        return { allowed: extent === "all" || extent.has(resource.id), callId: "" };
      });
    },
    async plan(principal, kind, action): Promise<Plan> {
      return { filter: filterFor(extentOf(principal, kind, action)), callId: "" };
    },
    async ping() {},
    close() {},
  };
}

function filterFor(extent: Extent): Filter {
  if (extent === "all") return { decision: "allowed" };
  if (extent.size === 0) return { decision: "denied" };
  const operands = [{ type: "id" }, { type: "literal", value: [...extent] }] as const;
  return { decision: "conditional", condition: { type: "call", operator: "in", operands, mayBeRule: false } };
}

/** Whether a value is an object literal. A `Map` or an array would be taken for a table without permissions. */
function isPlainObject(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Test runners have an Object of their own, so it is not compared with this one.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function permissionsIn(principalId: string, listed: unknown): ReadonlyMap<string, Extent> {
  const extents = new Map<string, Set<string> | "all">();
  for (const each of Array.isArray(listed) ? listed : [undefined]) {
    const { permission, id } = (typeof each === "string" && PERMISSION.exec(each)?.groups) || {};
    if (permission === undefined) throw tableError(`a list of "kind:action" for ${JSON.stringify(principalId)}`);
    const extent = extents.get(permission) ?? new Set();
    if (id === undefined || extent === "all") extents.set(permission, "all");
    else extents.set(permission, extent.add(id));
  }
  return extents;
}

function tableError(expected: string): TypeError {
  return new TypeError(`fakePdp(): there must be ${expected}, such as { ann: ["invoice:approve"] }.`);
}
