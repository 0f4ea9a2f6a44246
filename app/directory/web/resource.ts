import type { Request } from "express";
import type { DeclaredResource } from "../../../middleware/index.js";
import type { DirectoryPeople, DirectoryPerson, ListedPerson } from "./store.js";

/** The directory as a whole, as the PDP sees it. */
export const wholeDirectory: DeclaredResource<"directory"> = { kind: "directory", id: "*" };

/** Whether the user may search the directory's people. */
export function mayListPeople(req: Request): Promise<boolean> {
  return req.authz.can(wholeDirectory, "list");
}

/** Whether the user may see how the directory follows Okta. */
export function maySeeSync(req: Request): Promise<boolean> {
  return req.authz.can(wholeDirectory, "read");
}

/** A person as the PDP sees them; see `directoryColumns` for the same in queries. */
export function personResource({
  id,
  status,
  managers,
}: Pick<ListedPerson, "id" | "status" | "managers">): DeclaredResource<"directory"> {
  return { kind: "directory", id, attr: { managers, ...(status !== null && { status }) } };
}

/** Whether the user may search for people who report to them. */
export function mayListReports(req: Request): Promise<boolean> {
  const me = req.authz.principal?.id ?? "";
  return req.authz.can(personResource({ id: "*", status: null, managers: [me] }), "list");
}

/** The same, with the person, so that handlers need not read them again. */
export interface LoadedPersonResource extends DeclaredResource<"directory"> {
  readonly person: DirectoryPerson;
}

/** Makes the loader of the person whose id is a route's parameter `:id`. */
export function personById(people: DirectoryPeople): (req: Request) => Promise<LoadedPersonResource | undefined> {
  return async (req) => {
    const person = await people.get(String(req.params.id));
    return person && { ...personResource(person), person };
  };
}

/** The person that {@link personById} loaded for the request's guard. */
export function loadedPerson(req: Request): DirectoryPerson {
  return (req.authz.resource as LoadedPersonResource).person;
}
