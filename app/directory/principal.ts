import type { Request } from "express";
import type { Principal } from "../../middleware/index.js";

/** The principal of a request, for the PDP: only what policies need to know of the logged-in person. */
export function principalOf({ person }: Request): Principal | null {
  if (!person) return null;
  const { id, roles, department, directory } = person;
  return { id, roles, attr: { ...directory?.attributes, ...(department && { department }) } };
}
