/** A text from Okta as PostgreSQL can store it: without NUL, and with a replacement for half a surrogate pair. */
export function storable(text: string): string {
  return text.replaceAll("\0", "").toWellFormed();
}

/** A value from Okta as the text of its JSON; see {@link storable}. */
export function storableJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === "string") return storable(inner);
    if (inner === null || typeof inner !== "object" || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).map(([name, member]) => [storable(name), member]));
  });
}
