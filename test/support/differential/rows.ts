import { keys, type TableName, tables } from "./tables.js";
import { strings } from "./values.js";

/** Column names and values, as `json_populate_recordset` takes them. */
export type Row = Readonly<Record<string, unknown>>;
export type Rows = Readonly<Record<TableName, readonly Row[]>>;

const COUNT = 60;
/** Ids that are hostile themselves. */
const ids = ["a", "A", "b", "%", "_", "a_b", "\\", "'", "$1", "\u{1f600}", "e\u0301", "\u00e9", "null", "1", "a.b"];
const PROJECTS = 6;
/** How many children each parent has, in turn. */
const FAMILIES = [0, 1, 3, 2, 0, 4];

const blank: Row = Object.fromEntries(
  Object.entries(tables.things.columns).flatMap(([name, { sql }]) => (sql.includes("not null") ? [] : [[name, null]])),
);
const emptied: Row = {
  title: "",
  nick: "",
  note: "",
  'we"ird; --': "",
  when_text: "",
  wait_text: "",
  digits: "",
  path: "",
};
const emptyLists: Row = {
  home: "",
  tags: [],
  labels: [],
  marks: [],
  ints: [],
  switches: [],
  items: [],
  mixed: [],
  grid: [],
};
const mirrored = (text: string): Row => ({
  title: text,
  nick: text,
  note: text,
  'we"ird; --': text,
  path: text,
  home: text,
});

/** Rows whose columns say something together, which rotation would hardly bring about. */
const composed: readonly Row[] = [
  { ...blank, title: "a" },
  { ...emptied, ...emptyLists, dict: {}, profile: {} },
  mirrored("a"),
  mirrored("%"),
  mirrored("e\u0301"),
  { ...mirrored("a.b"), nick: "b.a", home: "a.b.c" },
  { score: 0.1, weight: 0.2, price: "0.3", count: 3, big: "3" },
  {
    score: 0.30000000000000004,
    weight: 0.30000000000000004,
    price: "0.30000000000000004",
    digits: "0.30000000000000004",
  },
  { score: "-0", weight: 0, price: "0", count: 0, big: "0", digits: "-0" },
  { score: 1, weight: 1, price: "1", count: 1, big: "1", digits: "1", nick: "1", flag: "1" },
  { created: "2024-01-01T00:00:00Z", seen: "2024-01-01T00:00:00Z", ended: null, when_text: "2024-01-01T00:00:00Z" },
  { tags: ["a", "b"], labels: ["b", "a"], marks: [1, 2], ints: [2, 1], mixed: ["a", "b"] },
  { tags: ["a", "a", "b"], labels: ["a", "b", "b"], marks: [1, 1], ints: [1], mixed: [1, 1] },
  { title: "a", mixed: "a" },
  { title: "a", score: 1, mixed: ["a", 1, true, null, "1", ["a"], { k: 1 }] },
  { score: 1, mixed: 1 },
  { path: "a.b.c", home: "a.b" },
  { seen: "2024-03-10T01:30:00.001999Z" },
  { tags: ["a", "b"], labels: ["a", "a"], on: true },
  { active: true, open: null, on: false },
  { active: null, open: true, on: true },
];

/** The rows of the deterministic suite, of all tables. */
export const rows: Rows = withFamilies(
  Array.from({ length: COUNT }, (_, n) => ({
    ...rotated("things", n),
    ...composed[n],
    id: ids[n] ?? `${strings[n % strings.length]}-${n}`,
    n,
  })),
  (table, n) => rotated(table, n),
  (n) => FAMILIES[n % FAMILIES.length] ?? 0,
);

/** One row: each column takes the next value of its pool, each in another rhythm. */
function rotated(table: TableName, n: number): Row {
  return Object.fromEntries(
    Object.entries(tables[table].columns).map(([column, { pool }], place) => {
      // Primes above the length of every pool, so that all values are visited, and two columns do not go in step.
      const step = [41, 43, 47, 53, 59, 61][place % 6] ?? 1;
      return [column, pool[(n * step + place * 3) % pool.length]];
    }),
  );
}

/**
 * Adds the rows of the other tables.
 *
 * @param make - makes the row number n of a table
 * @param sizeOf - how many children of a kind the parent number n has
 */
export function withFamilies(
  things: readonly Row[],
  make: (table: TableName, n: number) => Row,
  sizeOf: (n: number) => number,
): Rows {
  const projects = Array.from({ length: PROJECTS }, (_, n) => ({ ...make("projects", n), id: `project${n + 1}`, n }));
  const all: Record<string, readonly Row[]> = { things, projects };
  for (const [name, { column, to }] of Object.entries(keys)) {
    let made = 0;
    const table = name as TableName;
    all[name] = (all[to] ?? []).flatMap((parent, n) =>
      Array.from({ length: sizeOf(n + name.length) }, (_, place) => {
        made += 1;
        return { ...make(table, made), id: `${name}${made}`, n: place, [column]: parent.id };
      }),
    );
  }
  return all as Rows;
}
