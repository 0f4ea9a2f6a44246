import fc from "fast-check";

// Bounds a run on a slow machine, and on any machine the search for a smaller counterexample, which can take for ever.
fc.configureGlobal({
  interruptAfterTimeLimit: 30_000,
  // Always the same, so that a test falls for a fault of what was changed alone. A failure prints it.
  seed: Number(process.env.PROPERTIES_SEED ?? 20_261_129),
});

/** Text that has been trouble somewhere, any text, and any sequence of UTF-16 units, halves of characters included. */
export const text = fc.oneof(
  fc.constantFrom(
    ...["", " ", "\0", "\r\n", "null", "NaN", "-1", "0", "1e309", "' or 1=1 --", '"; drop table contacts', "%", "_"],
    ...["\\", "{{7*7}}", "<%= 7 %>", "<script>", "../..", "\ud800", "\udc00x", "\u202e", "é".repeat(300), "*"],
    ...["__proto__", "constructor", "toString", "hasOwnProperty", "Everyone", "admin", "user", "owner", "admin,user"],
  ),
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)), maxLength: 40 }),
);
/** Any text, or anything else that JSON can say. */
export const value = fc.oneof(text, fc.jsonValue({ maxDepth: 3, stringUnit: "binary" }));
/** What a header may contain: RFC 9110, section 5.5. */
export const headerText = fc.string({
  unit: fc
    .oneof(fc.integer({ min: 0x20, max: 0x7e }), fc.integer({ min: 0xa0, max: 0xff }))
    .map((code) => String.fromCharCode(code)),
  maxLength: 60,
});
/** A text in a URL; halves of characters are replaced. */
export const encoded = (part: string) => encodeURIComponent(part.toWellFormed());
