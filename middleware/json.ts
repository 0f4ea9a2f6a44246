/** A JSON value (RFC 8259), as policies see it. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };

/** The attributes of a principal or a resource, as policies see them: `P.attr` and `R.attr`. */
export type Attributes = Readonly<Record<string, Value>>;
