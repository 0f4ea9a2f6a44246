import { hash } from "node:crypto";

export const HANDLE_LENGTH = 22;
const HANDLE = /^[\w-]{22}$/;

/** By what the database knows a session, instead of the id in its cookie. */
export function hashOf(sessionId: string): string {
  return hash("sha256", sessionId, "base64url");
}

/** The public name of a session with this hash: the same as long as it lives, and of no use to find its id. */
export function handleOf(sessionHash: string): string {
  return sessionHash.slice(0, HANDLE_LENGTH);
}

/** Whether a text looks like the public name of a session. */
export function isHandle(text: string): boolean {
  return HANDLE.test(text);
}

/** The public name of a session. */
export function sessionHandle(sessionId: string): string {
  return handleOf(hashOf(sessionId));
}
