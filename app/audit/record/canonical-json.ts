import canonicalize from "canonicalize";

/** Canonical JSON (RFC 8785): the same value is always the same text. */
// The library's types are those of an ES module, which it is not.
export const canonicalJson = canonicalize as unknown as (value: object) => string;
