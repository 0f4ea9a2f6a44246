/**
 * A name of a table or column in quotes.
 *
 * @throws TypeError when PostgreSQL has no such names: an empty one, or one with the character NUL
 */
export function quoted(name: string): string {
  if (typeof name !== "string" || name === "" || name.includes("\0")) {
    throw new TypeError(`toSql(): ${JSON.stringify(name)} cannot be the name of a table or column.`);
  }
  return `"${name.replaceAll('"', '""')}"`;
}

/** A table's name in quotes; with its schema: `["crm", "contacts"]`. */
export function quotedTable(name: string | readonly string[]): string {
  return [name].flat().map(quoted).join(".");
}
