import type { Request } from "express";
import type { Principal } from "../../middleware/index.js";
import type { Person } from "../auth/claims.js";

/** The principal of a request, for the PDP. */
export function principalOf({ person }: Request): Principal | null {
  return person ? principalOfPerson(person) : null;
}

/** A person as the PDP sees them: only what policies need to know. */
export function principalOfPerson({ id, roles, department, directory }: Person): Principal {
  return { id, roles, attr: { ...directory?.attributes, ...(department && { department }) } };
}
