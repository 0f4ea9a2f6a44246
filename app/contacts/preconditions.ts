import type { Request } from "express";
import { ProblemError } from "../problems.js";
import type { Contact } from "./contact.js";

/** The entity tag of a contact (RFC 9110, section 8.8.3): its version. */
export function etagOf({ version }: Pick<Contact, "version">): string {
  return `"${version}"`;
}

/** A list of entity tags, strong or weak (RFC 9110, section 13.1.1). */
const IF_MATCH = /^\s*(W\/)?"[\x21\x23-\x7e\x80-\xff]*"\s*(,\s*(W\/)?"[\x21\x23-\x7e\x80-\xff]*"\s*)*$/;

/**
 * Makes sure that the client knows the stored version of the contact that it changes (RFC 9110, section 13.1.1).
 *
 * @throws {@link ProblemError} 400 when `If-Match` is malformed, 412 when it names another version, 428 when it is
 * missing (RFC 6585, section 3)
 */
export function requireIfMatch(req: Request, contact: Contact): void {
  const given = req.get("if-match");
  if (given === undefined) {
    throw new ProblemError(
      428,
      "Version missing",
      `Say which version you mean to change: send If-Match with the contact's ETag, now ${etagOf(contact)}.`,
    );
  }
  if (given.trim() === "*") return;
  if (!IF_MATCH.test(given)) {
    throw new ProblemError(400, "Malformed request", 'If-Match must hold entity tags in quotes, such as "3".');
  }
  if (!given.split(",").some((tag) => tag.trim() === etagOf(contact))) throw staleVersion();
}

/** The error for a contact that was changed since the client loaded it, which must not be overwritten: 412. */
export function staleVersion(): ProblemError {
  return new ProblemError(
    412,
    "Changed meanwhile",
    "This contact was changed or deleted since you loaded it. Nothing was saved; load it again to see what is new.",
  );
}

/** The version in a form's hidden field; `NaN` when the form has none. */
export function versionIn(body: unknown): number {
  const version = typeof body === "object" && body !== null && "version" in body ? body.version : undefined;
  return typeof version === "string" && /^\d{1,9}$/.test(version) ? Number(version) : Number.NaN;
}
