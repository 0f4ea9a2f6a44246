import { hash } from "node:crypto";

/** The digest of a record: SHA-256 of its text in UTF-8, in base64url. */
export function digestOf(record: string): string {
  return hash("sha256", record, "base64url");
}
