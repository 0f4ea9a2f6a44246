import type { Columns, RelatedRows, ScalarColumn } from "../../../middleware/sql/index.js";
import * as values from "./values.js";

/** Names that have to be quoted. */
const schema = 'ten"ant';
const partsTable = [schema, "Parts $1"];

export const table = [schema, "things"];
export const id: ScalarColumn = { type: "string", column: "id", nulls: "never" };

/** Rows of rows of rows. */
const bits: RelatedRows = {
  type: "rows",
  table: [schema, "bits"],
  key: "part",
  references: "id",
  nulls: "never",
  orderBy: "n",
  element: { type: "string", column: "word" },
};

const parts: RelatedRows = {
  type: "rows",
  table: partsTable,
  key: "share",
  references: "id",
  nulls: "never",
  orderBy: "n",
  members: { name: { type: "string", column: "name" }, size: { type: "number", column: "size", nulls: "null" }, bits },
};

const project = { table: [schema, "projects"], key: "id", references: "project" } as const;
const members: RelatedRows = {
  type: "rows",
  table: [schema, "members"],
  key: "project",
  references: "id",
  orderBy: "n",
  nulls: "never",
  element: { type: "string", column: "person", nulls: "never" },
};

/** How each attribute is stored, for `toSql`. The attributes that the PDP gets are made from the same. */
export const columns: Columns = {
  title: { type: "string", column: "title", nulls: "never" },
  nick: { type: "string", column: "nick" },
  note: { type: "string", column: "note", nulls: "null" },
  alias: { type: "string", column: 'we"ird; --' },
  token: { type: "string", column: "token" },
  mood: { type: "string", column: "mood" },
  score: { type: "number", column: "score" },
  weight: { type: "number", column: "weight", nulls: "never" },
  price: { type: "number", column: "price", nulls: "null" },
  count: { type: "number", column: "count" },
  big: { type: "number", column: "big" },
  active: { type: "boolean", column: "active" },
  open: { type: "boolean", column: "open", nulls: "null" },
  on: { type: "boolean", column: "on", nulls: "never" },
  created: { type: "timestamp", column: "created", nulls: "never" },
  seen: { type: "timestamp", column: "seen" },
  ended: { type: "timestamp", column: "ended", nulls: "null" },
  seconds: { type: "timestamp", column: "seen", fractionalSecondDigits: 0 },
  micros: { type: "timestamp", column: "seen", fractionalSecondDigits: 6 },
  when: { type: "string", column: "when_text" },
  wait: { type: "string", column: "wait_text" },
  digits: { type: "string", column: "digits" },
  flag: { type: "string", column: "flag" },
  path: { type: "string", column: "path" },
  home: { type: "string", column: "home" },
  tags: { type: "strings", column: "tags" },
  labels: { type: "strings", column: "labels", nulls: "null" },
  marks: { type: "numbers", column: "marks" },
  ints: { type: "numbers", column: "ints", nulls: "never" },
  switches: { type: "booleans", column: "switches" },
  profile: { type: "json", column: "profile" },
  items: { type: "json", column: "items" },
  mixed: { type: "json", column: "mixed", nulls: "null" },
  grid: { type: "json", column: "grid" },
  dict: { type: "json", column: "dict" },
  "address.city": { type: "string", column: "city" },
  "address.zip": { type: "json", column: "profile", path: ["address", "zip"] },
  shares: {
    type: "rows",
    table: [schema, "shares"],
    key: "thing",
    references: "id",
    nulls: "never",
    orderBy: "n",
    members: {
      user: { type: "string", column: "user", nulls: "never" },
      level: { type: "number", column: "level" },
      until: { type: "timestamp", column: "until", nulls: "null" },
      remark: { type: "string", column: "remark", nulls: "null" },
      meta: { type: "json", column: "meta" },
      parts,
    },
  },
  watchers: {
    type: "rows",
    table: [schema, "watchers"],
    key: "thing",
    references: "id",
    nulls: "never",
    orderBy: "n",
    element: { type: "string", column: "person", nulls: "never" },
  },
  grades: {
    type: "rows",
    table: [schema, "grades"],
    key: "thing",
    references: "id",
    nulls: "never",
    element: { type: "number", column: "grade", nulls: "null" },
  },
  // Of a project that is not always there.
  project: {
    type: "row",
    ...project,
    members: {
      name: { type: "string", column: "name", nulls: "never" },
      lead: { type: "string", column: "lead", nulls: "null" },
      closed: { type: "boolean", column: "closed" },
      due: { type: "timestamp", column: "due" },
      words: { type: "strings", column: "words", nulls: "never" },
      info: { type: "json", column: "info", nulls: "null" },
      members,
      parent: {
        type: "row",
        table: [schema, "projects"],
        key: "id",
        references: "parent",
        members: { name: { type: "string", column: "name", nulls: "never" }, members },
      },
    },
  },
  team: { ...members, references: "project", nulls: "missing" },
};

/** A table: the PostgreSQL type of each column, and the values from which rows of it are made. */
export interface Table {
  readonly name: readonly string[];
  readonly columns: Readonly<Record<string, { readonly sql: string; readonly pool: readonly unknown[] }>>;
}

const text = (pool: readonly unknown[] = values.strings) => ({ sql: "text", pool: [null, ...pool] });
const nullable = (sql: string, pool: readonly unknown[]) => ({ sql, pool: [null, ...pool] });
const required = (sql: string, pool: readonly unknown[]) => ({ sql: `${sql} not null`, pool });

/** Text that PostgreSQL sorts by the rules of a language, unless it is told otherwise. */
const LINGUISTIC = "text collate linguistic";

/** The tables without their keys, which {@link Row}s of them get by their places. */
export const tables = {
  things: {
    name: table,
    columns: {
      title: required(LINGUISTIC, values.strings),
      nick: text(),
      note: nullable(LINGUISTIC, values.strings),
      'we"ird; --': nullable("varchar(40)", values.strings),
      token: nullable("uuid", values.uuids),
      mood: nullable(`"${schema.replace('"', '""')}".mood`, ["a", "b", "A", ""]),
      score: nullable("double precision", values.doubles),
      weight: required("double precision", values.doubles),
      price: nullable("numeric", values.numerics),
      count: nullable("integer", values.integers),
      big: nullable("bigint", values.bigs),
      active: nullable("boolean", values.booleans),
      open: nullable("boolean", values.booleans),
      on: required("boolean", values.booleans),
      created: required("timestamptz", values.timestamps),
      seen: nullable("timestamptz", values.timestamps),
      ended: nullable("timestamptz", values.timestamps),
      when_text: text(values.timestampTexts),
      wait_text: text(values.durationTexts),
      digits: text(values.numberTexts),
      flag: text(values.booleanTexts),
      path: text(values.hierarchies),
      home: text(values.hierarchies),
      tags: nullable("text[]", values.stringLists),
      labels: nullable(`text[]`, values.stringLists),
      marks: nullable("double precision[]", values.numberLists),
      ints: required("integer[]", values.integerLists),
      switches: nullable("boolean[]", values.booleanLists),
      profile: nullable("jsonb", values.profiles),
      items: nullable("jsonb", values.itemLists),
      mixed: nullable("jsonb", values.anythings),
      grid: nullable("jsonb", values.grids),
      dict: nullable("jsonb", values.maps),
      city: text(["a", "b", "", "O'Brien"]),
      project: text(["project1", "project2", "project3", "project4", "project5", "project6", "gone"]),
    },
  },
  projects: {
    name: [schema, "projects"],
    columns: {
      name: required("text", ["a", "b", "uma", "O'Brien"]),
      lead: text(["uma", "omar", "a"]),
      closed: nullable("boolean", values.booleans),
      due: nullable("timestamptz", values.timestamps),
      words: required("text[]", values.stringLists),
      info: nullable("jsonb", values.profiles),
      parent: text(["project1", "project2", "project3", "gone"]),
    },
  },
  shares: {
    name: [schema, "shares"],
    columns: {
      user: required("text", ["uma", "omar", "a", "O'Brien", ""]),
      level: nullable("integer", [0, 1, 2, 3, -1]),
      until: nullable("timestamptz", values.timestamps),
      remark: text(["a", "b", "%", ""]),
      meta: nullable("jsonb", values.profiles),
    },
  },
  parts: {
    name: partsTable,
    columns: { name: text(["a", "b", "uma", "O'Brien"]), size: nullable("numeric", ["0", "1", "2.50", "-1"]) },
  },
  bits: { name: [schema, "bits"], columns: { word: text(["a", "b", "A", ""]) } },
  members: { name: [schema, "members"], columns: { person: required("text", ["uma", "omar", "a", "A", ""]) } },
  watchers: { name: [schema, "watchers"], columns: { person: required("text", ["uma", "omar", "a", "A", ""]) } },
  grades: { name: [schema, "grades"], columns: { grade: nullable("numeric", ["1", "2.5", "-1", "0.1", "10"]) } },
} satisfies Record<string, Table>;

export type TableName = keyof typeof tables;

/** Column that refers to another table's `id`. */
export const keys: Readonly<Partial<Record<TableName, { readonly column: string; readonly to: TableName }>>> = {
  shares: { column: "thing", to: "things" },
  parts: { column: "share", to: "shares" },
  bits: { column: "part", to: "parts" },
  members: { column: "project", to: "projects" },
  watchers: { column: "thing", to: "things" },
  grades: { column: "thing", to: "things" },
};

export function quoted(name: string | readonly string[]): string {
  return [name]
    .flat()
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join(".");
}

/** @param collation - one that sorts as people do, where there is one */
export function ddl(collation: string): string {
  const statements = Object.entries(tables).map(([name, { name: path, columns: those }]) => {
    const key = keys[name as TableName];
    const lines = [
      "id text primary key",
      "n integer not null",
      ...(key ? [`${quoted(key.column)} text not null references ${quoted(tables[key.to].name)} (id)`] : []),
      ...Object.entries(those).map(
        ([column, { sql }]) => `${quoted(column)} ${sql.replace("linguistic", quoted(collation))}`,
      ),
    ];
    return `create table ${quoted(path)} (${lines.join(", ")});`;
  });
  const moods = `create type ${quoted([schema, "mood"])} as enum ('a', 'b', 'A', '');`;
  return [`create schema ${quoted(schema)};`, moods, ...statements].join("\n");
}
