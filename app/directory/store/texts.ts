/**
 * A text from Okta as PostgreSQL can store it: with a replacement for NUL and for half a surrogate pair. It never becomes a
 * text that Okta can have as it is, such as the name of a group that gives a role.
 */
export function storable(text: string): string {
  return text.replaceAll("\0", "\ufffd").toWellFormed();
}
