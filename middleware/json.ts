/** A JSON value (RFC 8259), as policies see it. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };

/** What policies know of a principal or a resource beyond its id: `P.attr` and `R.attr`. */
export type Attributes = Readonly<Record<string, Value>>;
