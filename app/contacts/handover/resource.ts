import type { Request } from "express";
import { type LoadedPersonResource, personResource } from "../../directory/web/resource.js";
import type { DirectoryPeople, DirectoryPerson } from "../../directory/web/store.js";
import type { Handover, HandoverStore } from "./store.js";

/** A handover as the PDP sees it: the person whose contacts it is about. */
interface HandoverResource extends LoadedPersonResource {
  readonly handover: Handover;
}

/** Makes the loader of the handover whose id is a route's parameter `:id`. */
export function handoverById(
  store: HandoverStore,
  people: DirectoryPeople,
): (req: Request) => Promise<HandoverResource | undefined> {
  return async (req) => {
    const handover = await store.get(String(req.params.id));
    const person = handover && (await people.get(handover.fromId));
    return person && { ...personResource(person), person, handover };
  };
}

/** The handover that {@link handoverById} loaded for the request's guard. */
export function loadedHandover(req: Request): Handover {
  return (req.authz.resource as HandoverResource).handover;
}

/** What a person's page offers those who may hand over the person's contacts. */
export async function handoverLinks(
  req: Request,
  person: DirectoryPerson,
): Promise<readonly { readonly href: string; readonly label: string }[]> {
  const may = await req.authz.can(personResource(person), "handover");
  return may ? [{ href: handoverPath(person.id), label: "Hand over contacts" }] : [];
}

/** The path of the page on which a person's contacts are handed over. */
export function handoverPath(personId: string): string {
  return `/directory/people/${encodeURIComponent(personId)}/handover`;
}
