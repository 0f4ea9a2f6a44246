import { randomBytes } from "node:crypto";

/** An id like Okta's: 20 letters and digits, the first three of which say what it is of. */
export function newId(prefix: "00u" | "00g" | "oae" | "who" | "00T"): string {
  const random = randomBytes(24).toString("base64").replace(/[+/=]/g, "");
  return prefix + random.padEnd(17, "0").slice(0, 17);
}

/** The time as Okta gives it for users and groups: in whole seconds. */
export function now(): string {
  return `${new Date().toISOString().slice(0, 19)}.000Z`;
}
