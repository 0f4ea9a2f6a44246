/** Values that are easily taken for others, by type. Deterministic rows rotate through them; random rows draw from them. */

export const strings = [
  "",
  "a",
  "A",
  "b",
  "ab",
  "a%b",
  "a_b",
  "axb",
  "%",
  "_",
  "\\",
  "a\\b",
  "a\\",
  "'",
  "''; --",
  '"',
  "/* $1 */",
  "$1",
  "O'Brien",
  "\u00e9", // é in one code point
  "e\u0301", // é in two
  "\u{1f600}", // outside the basic plane: two UTF-16 units
  "\uffee", // sorts after the emoji in UTF-16, before it in code points
  "\u{1f469}\u200d\u{1f467}x", // joined emoji
  "stra\u00dfe",
  "STRASSE",
  "\u0130", // dotted capital I, longer when lowered
  "null",
  "true",
  "1",
  "1.0",
  " a ",
  "a\nb",
  "Z",
  "10",
  "9",
];

export const doubles = [
  0,
  "-0", // JSON text has no other way to write it than as a string that PostgreSQL reads
  1,
  -1,
  2,
  3,
  0.1,
  0.2,
  0.30000000000000004,
  0.3,
  -2.5,
  2.5,
  1e21,
  -1e21,
  1e-7,
  5e-324,
  1.7976931348623157e308,
  9007199254740992,
  100,
  10,
  123456789.125,
];

export const numerics = [
  "0",
  "0.1",
  "0.30",
  "1.000",
  "-7.25",
  "12345678901234567890.5",
  "3",
  "0.300000000000000001",
  "2",
];

export const integers = [0, 1, -1, 2, 3, 7, -7, 100, 2147483647, -2147483648];

export const bigs = ["0", "1", "-1", "9007199254740993", "9223372036854775807", "-9223372036854775808", "3"];

export const booleans = [true, false];

export const timestamps = [
  "2024-02-29T23:59:59.999Z",
  "2024-03-10T01:30:00Z",
  "2024-03-10T01:30:00.001999Z", // PostgreSQL keeps microseconds, Date milliseconds
  "2023-12-31T23:30:00Z",
  "2024-01-01T00:30:00Z",
  "1969-12-31T23:59:59.5Z",
  "1970-01-01T00:00:00Z",
  "2024-07-14T12:34:56.789Z",
  "1000-01-01T00:00:00Z",
  "9999-12-31T23:59:59Z",
  "2024-11-03T05:30:00Z",
  "2030-06-01T00:00:00Z",
];

/** Timestamps as text: RFC 3339, and what is not quite that. */
export const timestampTexts = [
  "2024-02-29T23:59:59.999Z",
  "2024-03-10T01:30:00+01:00",
  "2024-03-10T01:30:00.123456789Z",
  "2024-03-10T01:30:00.5Z",
  "2024-03-10 01:30:00Z",
  "2024-03-10T01:30:00",
  "2024-03-10",
  "2023-02-29T00:00:00Z",
  "2024-13-01T00:00:00Z",
  "2024-01-01T24:00:00Z",
  "2024-01-01T23:59:60Z",
  "0000-01-01T00:00:00Z",
  "9999-12-31T23:59:59.999999999Z",
  "1969-12-31T23:59:59.5-23:59",
  "2024-07-14t12:34:56z",
  "now",
  "infinity",
  "epoch",
  "",
  "2024-1-1T00:00:00Z",
  "2024-03-10T01:30:00Z",
  "2024-03-10T01:30:00.123456Z",
  "2024-03-10T01:30:00.1Z",
  "2024-03-10T03:30:00.123456+02:00",
  "2024-03-10T01:30:00.1234567891Z",
  "2024-03-10T01:30:00.Z",
  "2024-03-09T20:00:00.5-05:30",
  "0001-01-01T00:00:00.000000001Z",
  "0001-01-01T00:00:00+00:01",
  "9999-12-31T23:59:59-00:01",
  "2024-03-10T01:30:00+0100",
  "2024-03-10T01:30:00Z ",
];

/** Go durations as text, and what is not quite that. */
export const durationTexts = [
  "1h",
  "90m",
  "1h30m",
  "-1.5h",
  "5400s",
  "1ms",
  "1us",
  "1\u00b5s",
  "1ns",
  "0",
  "0s",
  "+1h",
  "1d",
  "1",
  "",
  "h",
  "1 h",
  ".5h",
  "1.h",
  "-",
  "9223372036854775807ns",
  "9223372036854775808ns",
  "-9223372036854775807ns",
  "-9223372036854775808ns",
  "2562048h",
  "01:00:00",
  "PT1H",
  "1.5ms",
  "-1.5ms",
  "0.0000000002777777778h",
  "0.999999999999999999999s",
  "1.0000000001s",
  "0.5ns",
  "-0.000001ms",
  "1.5s0.5ms",
  "1,5s",
  "0.1234567890123456789h",
];

/** Numbers as text, and what is not quite that: languages differ in what they read. */
export const numberTexts = [
  "0",
  "1",
  "-1",
  "+1",
  "42",
  "007",
  "1.0",
  "1.5",
  "-0",
  "-0.0",
  "1e3",
  "1E-2",
  ".5",
  "5.",
  "0x10",
  "1_000",
  "1,5",
  " 1",
  "1 ",
  "",
  "NaN",
  "nan",
  "Inf",
  "-Infinity",
  "9223372036854775807",
  "9223372036854775808",
  "1e400",
  "0x1p-2",
  "\u0661", // an Arabic-Indic one
  "0.30000000000000004",
];

/** Booleans as text, and what is not quite that. */
export const booleanTexts = [
  "true",
  "false",
  "TRUE",
  "False",
  "True",
  "t",
  "F",
  "1",
  "0",
  "yes",
  "on",
  "tRUE",
  "",
  " true",
  "f",
  "T",
];

/** Hierarchies, with dots. */
export const hierarchies = [
  "a",
  "a.b",
  "a.b.c",
  "a.b.c.d",
  "a.b.d",
  "a.x",
  "",
  ".",
  "a..b",
  "a.",
  ".a",
  "A.b",
  "a.b%",
  "a_b.c",
  "x.y",
  "a/b",
  "a.bc",
];

export const stringLists = [
  [],
  ["a"],
  ["b"],
  ["a", "b"],
  ["b", "a"],
  ["a", "a"],
  ["A"],
  ["a", null],
  [null],
  [""],
  ["%", "_"],
  ["a,b"],
  ["{a}", '"', "\\"],
  ["NULL"],
  ["a", "b", "c", "d"],
  ["'", "\u{1f600}"],
  ["a.b"],
];

export const numberLists = [
  [],
  [1],
  [1, 2, 3],
  [3, 2, 1],
  [0.1, 0.2],
  [0.30000000000000004],
  [1, 1],
  [null, 1],
  [-1, -2.5],
  ["-0"],
  [1e21],
  [2],
];

export const integerLists = [[], [1], [1, 2, 3], [0], [-1, 7], [2, 2], [3, null]];

export const booleanLists = [[], [true], [false], [true, true], [true, false], [null], [false, null]];

/** What stands for JSON's `null` as a whole value, as otherwise NULL would be stored. */
export const JSON_NULL = "\u2400 null";

/** JSON values of every kind. */
export const anythings = [
  JSON_NULL,
  "a",
  "",
  "1",
  "true",
  1,
  0,
  -2.5,
  0.1,
  1e21,
  true,
  false,
  [],
  {},
  ["a", 1, true, null, "1", ["a"], { k: 1 }],
  [1, 2],
  ["a"],
  [null],
  [1, -1],
  [0, "0", false],
  [[1], [1, 2], []],
  { a: 1 },
  { a: "a" },
  { a: null },
  { k: "a", "k.k": 2, "'": 3 },
  [1, 1],
  ["a", "b", "a"],
  "2024-02-29T23:59:59.999Z",
  "1h",
];

/** Objects of known members, some of which are missing, null or of another type. */
export const profiles = [
  { name: "a", age: 1, admin: true, address: { city: "a", zip: "10" } },
  { name: "b", age: 2.5, admin: false, address: { city: "", zip: null } },
  { name: null, age: null, admin: null, address: null },
  {},
  { name: "", age: -1, address: {} },
  { name: 1, age: "1", admin: "true", address: "a" },
  { name: "O'Brien", age: 0.1, admin: true, address: { city: "O'Brien", zip: "1" }, tags: ["a", "b"] },
  { name: "a", age: 100, tags: [], address: { city: "b" } },
  { name: ["a"], age: [1], admin: [], tags: "a", address: [{ city: "a" }] },
  { age: 3, tags: [null, "a", 1], address: { city: null } },
];

/** Lists of objects, with members that are missing, null or of another type, and things that are no objects. */
export const itemLists = [
  [],
  [{ name: "a", size: 1, tags: ["a"] }],
  [
    { name: "a", size: 1, tags: ["a", "b"] },
    { name: "b", size: 2, tags: [] },
  ],
  [
    { name: "a", size: 3 },
    { name: "a", size: 1 },
    { name: "A", size: -0.5, tags: null },
  ],
  [{ name: "b" }, { size: 2 }],
  [{ name: null, size: null }],
  [{}],
  [{ name: 1, size: "1" }, "a", null],
  [{ name: "%", size: 100, tags: ["%"] }],
  [
    { name: "b", size: 2, tags: [1, "a"] },
    { name: "a", size: 2 },
  ],
];

/** Lists of lists, more or less. */
export const grids = [
  [],
  [[]],
  [[1]],
  [
    [1, 2],
    [3, 4],
  ],
  [["a"], ["b", "a"]],
  [[1], "a", null],
  [[[1]], [[2], []]],
  [[null], [1, null]],
];

/** Maps. */
export const maps = [
  {},
  { a: 1 },
  { a: 1, b: 2 },
  { a: "1" },
  { a: null },
  { "": 0 },
  { "a.b": 1, "'": 2 },
  { b: 2, a: 1 },
  { a: [1] },
  { a: { a: 1 } },
];

export const uuids = ["00000000-0000-0000-0000-000000000000", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"];
