/**
 * What SQL's NULL in a column stands for: the attribute is `"missing"` (not sent to the PDP, so that conditions on it
 * fail), it is `null` (sent as `null`), or there is `"never"` a NULL (`NOT NULL` in the table). Default `"missing"`.
 */
export type Nulls = "missing" | "null" | "never";

/**
 * An attribute that is a column.
 *
 * - `string`: `text` or `varchar`, of a deterministic collation (PostgreSQL's default); `uuid` and enumerations too, as
 *   PostgreSQL writes them. Not `char(n)`, whose padding comes and goes
 * - `number`: integer types, `double precision`, or `numeric` within its range; sent as a JSON number. Not `real`, which
 *   drivers read as another number than PostgreSQL compares
 * - `boolean`: `boolean`
 */
export interface ScalarColumn {
  readonly type: "string" | "number" | "boolean";
  readonly column: string;
  readonly nulls?: Nulls;
}

/**
 * An attribute that is a moment: `timestamptz` of the years 1 to 9999, sent as text in UTC that ends with `Z`, in the form
 * of RFC 3339, such as `2024-02-29T23:59:59.999Z`.
 */
export interface TimestampColumn {
  readonly type: "timestamp";
  readonly column: string;
  readonly nulls?: Nulls;
  /**
   * How many digits of the second's fraction are sent, zeros included; the rest is cut off. Default 3, as of
   * `Date.toISOString()`, which most drivers' values lead to. 6 is all that PostgreSQL has; 0 is without a point.
   */
  readonly fractionalSecondDigits?: 0 | 3 | 6;
}

/** An attribute that is a list, in a column of a one-dimensional array: of texts, numbers or booleans, as in scalars. */
export interface ArrayColumn {
  readonly type: "strings" | "numbers" | "booleans";
  readonly column: string;
  readonly nulls?: Nulls;
}

/** An attribute inside a `jsonb` column, or all of it. What is not there is missing; JSON's `null` is `null`. */
export interface JsonColumn {
  readonly type: "json";
  readonly column: string;
  /** Names of the members on the way in; none for the whole value. */
  readonly path?: readonly string[];
  /** What SQL's NULL in the column means. */
  readonly nulls?: Nulls;
}

/**
 * An attribute that is an object, kept in the one row of another table that this one refers to. Where it refers to none,
 * or to a row that is not there, the attribute is missing, and conditions on it or on what is in it fail.
 */
export interface RelatedRow {
  readonly type: "row";
  /** The other table; with its schema: `["crm", "projects"]`. */
  readonly table: string | readonly string[];
  /** Column of the other table that is referred to, and is unique there ... */
  readonly key: string;
  /** ... by this column of this one. */
  readonly references: string;
  readonly members: Columns;
  /** `"never"`: there always is such a row. Default `"missing"`. */
  readonly nulls?: Exclude<Nulls, "null">;
}

/** An attribute that is a list, kept in the rows of another table that refer to this one; no rows, an empty list. */
export interface RelatedRows {
  readonly type: "rows";
  /** The other table; with its schema: `["crm", "shares"]`. */
  readonly table: string | readonly string[];
  /** Column of the other table that refers to this one ... */
  readonly key: string;
  /** ... and the column of this one that it refers to. */
  readonly references: string;
  /** What NULL in the column `references` means: the list is missing, or there is `"never"` one. Default `"missing"`. */
  readonly nulls?: Exclude<Nulls, "null">;
  /** Column that the list is sorted by, unique in a list; without it, conditions that depend on the order are unsupported. */
  readonly orderBy?: string;
  /** What each element is: one value (a missing one is no element; in JSON, the value at `path` must be there), ... */
  readonly element?: ScalarColumn | TimestampColumn | JsonColumn;
  /** ... or an object of these members. */
  readonly members?: Columns;
}

/** How an attribute is stored. */
export type Column = ScalarColumn | TimestampColumn | ArrayColumn | JsonColumn | RelatedRow | RelatedRows;

/** Attributes by name; with dots, such as `address.city`, those inside others (not in `members`). */
export type Columns = Readonly<Record<string, Column>>;

/** Settings of `toSql`. */
export interface SqlOptions {
  /** The table in the query, or its alias there; with its schema: `["crm", "contacts"]`. */
  readonly table: string | readonly string[];
  /** How each attribute is stored that policies may speak of. */
  readonly columns: Columns;
  /** How `R.id` is stored. */
  readonly id?: ScalarColumn | TimestampColumn;
  /** The number of the first placeholder. Default 1: `$1`. */
  readonly firstPlaceholder?: number;
  /**
   * What negations stand for in the policies that are asked. Query plans write `!` inside an expression like a `none`
   * block or a rule with `EFFECT_DENY`, which mean something else where the negated condition fails, because an attribute
   * is missing, say. Default `"unknown"`: where it would matter, the filter is unsupported.
   */
  readonly negations?: "unknown" | "expressions" | "rules";
  /**
   * Whether the policies' number literals fit the arithmetic around them. Query plans write `1.0` like `1`, which fails
   * beside an attribute, as JSON's numbers are floating-point. Default `false`: where it would matter, the filter is
   * unsupported.
   */
  readonly literalsFit?: boolean;
  /**
   * Whether the PDP evaluates strictly: its setting `engine.strictEvaluation`. A condition that fails then denies the
   * action, which plans do not show. Default `false`, as there. With `true` the filter is unsupported where a condition
   * that allows may fail beside another, and where a rule allows every row.
   */
  readonly strictEvaluation?: boolean;
}

/** What a translation takes for granted about the literals of the policies. */
export type LiteralAssumptions = Required<Pick<SqlOptions, "literalsFit">>;
