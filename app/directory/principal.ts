import type { Request } from "express";
import type { Principal } from "../../middleware/index.js";

/** The principal that the PDP is asked about: no more of the logged-in person than policies need. */
export function principalOf({ person }: Request): Principal | null {
  if (!person) return null;
  const { id, roles, department } = person;
  return { id, roles, attr: department ? { department } : {} };
}
