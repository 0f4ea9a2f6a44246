import type { Request } from "express";
import type { Principal } from "../../middleware/index.js";
import type { DirectoryFacts, Person } from "../auth/claims.js";

/** The principal of a request, for the PDP. */
export function principalOf({ person }: Request): Principal | null {
  return person ? principalOfPerson(person) : null;
}

/** What of a person becomes a principal. */
interface PrincipalFacts extends Pick<Person, "id" | "roles" | "department"> {
  readonly directory?: Pick<DirectoryFacts, "attributes">;
}

/** A person as the PDP sees them: only what policies need to know. */
export function principalOfPerson({ id, roles, department, directory }: PrincipalFacts): Principal {
  return { id, roles, attr: { ...directory?.attributes, ...(department && { department }) } };
}
