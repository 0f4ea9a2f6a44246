import canonicalize from "canonicalize";

/** Canonical JSON (RFC 8785): the same value always becomes the same text. */
// The library is a CommonJS module, but its types declare an ES module.
export const canonicalJson = canonicalize as unknown as (value: object) => string;
