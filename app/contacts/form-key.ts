import { createHash, randomUUID } from "node:crypto";

const RANDOM_UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/**
 * The key of a form for a new contact, which stays the same when the form comes back with messages.
 *
 * @param body - the form that was sent; left out for a new one
 * @returns the key that was sent, or a new one when none was
 */
export function formKey(body?: unknown): string {
  const key = typeof body === "object" && body !== null && "key" in body ? body.key : undefined;
  return typeof key === "string" && RANDOM_UUID.test(key) ? key : randomUUID();
}

/**
 * The id of the contact that a form makes: a UUID of version 8 (RFC 9562, section 5.8). A form that is sent twice, by a
 * second click, makes one contact. The id depends on the owner too, so nobody can choose the id of another's contact.
 */
export function contactIdOf(key: string, ownerId: string): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([ownerId, key]))
    .digest();
  hash.writeUInt8(0x80 | (hash.readUInt8(6) & 0x0f), 6);
  hash.writeUInt8(0x80 | (hash.readUInt8(8) & 0x3f), 8);
  return hash.toString("hex", 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
