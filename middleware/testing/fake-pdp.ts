import type { Answer, Pdp, Plan, Principal } from "../types.js";

/** Who may do what: by the id of the principal, `kind:action`. */
export type PermissionTable = Readonly<Record<string, readonly string[]>>;

/** A kind, a colon, and an action, neither of them empty. Kinds may have colons of their own. */
const PERMISSION = /^.+:[^:]+$/;

/**
 * A PDP for tests. It allows what the table says and nothing else, and looks at neither roles nor attributes. It answers
 * without a network, and plans as well: all resources of a kind, or none.
 *
 * @param table - permissions by principal id; who is not in it may do nothing
 * @throws TypeError at once when the table is not of that shape, such as when a permission lacks its kind
 * @example
 * const pdp = fakePdp({ ann: ["invoice:read", "invoice:approve"], ben: ["invoice:read"] });
 * app.use(authorization({ pdp, principal }));
 */
export function fakePdp(table: PermissionTable): Pdp {
  if (typeof table !== "object" || table === null) throw invalid("a table of permissions by principal id");
  const permissions = new Map(Object.entries(table).map(([id, granted]) => [id, new Set(checked(id, granted))]));
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

function checked(id: string, granted: unknown): readonly string[] {
  if (Array.isArray(granted) && granted.every((each) => typeof each === "string" && PERMISSION.test(each))) {
    return granted;
  }
  throw invalid(`a list of "kind:action" for ${JSON.stringify(id)}`);
}

function invalid(expected: string): TypeError {
  return new TypeError(`fakePdp(): there must be ${expected}, such as { ann: ["invoice:approve"] }.`);
}
