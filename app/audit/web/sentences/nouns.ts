/** What sentences call the resources of a kind. */
export interface Nouns {
  /** One of them, after `a`, `this` or `any`. */
  readonly one: string;
  /** Several of them, after `all` or `some`. */
  readonly many: string;
  /** All of them as one, as a guard without a particular one asks. */
  readonly whole: string;
}

/** What sentences call the resources of a kind that something is done with. */
export function nounsOf(kind: string, action: string): Nouns {
  if (kind === "view") {
    return { one: "view of the contacts", many: "views of the contacts", whole: "views of the contacts" };
  }
  if (kind !== "directory") return { one: kind, many: `${kind}s`, whole: `${kind}s` };
  const wholes: Readonly<Record<string, string>> = { release: "the brake of the directory", find: "colleagues" };
  const whole = wholes[action] ?? "the directory";
  return { one: "person in the directory", many: "people in the directory", whole };
}
