import { isDeepStrictEqual } from "node:util";
import type { Filter, Resource } from "../../../middleware/index.js";
import { type SqlCondition, type SqlOptions, toSql, toSqlAlternatives } from "../../../middleware/sql/index.js";
import type { Database } from "./databases.js";
import type { Oracle } from "./oracle.js";
import { type Action, type Actions, describeRules } from "./policy.js";
import { columns, id, quoted, table } from "./tables.js";

/** An action's plan, and what the PDP says of each resource. */
export interface Trial {
  readonly name: string;
  readonly action: Action;
  readonly filter: Filter | Error;
  /** Ids of the resources that are allowed. */
  readonly expected: ReadonlySet<string>;
  readonly resources: readonly Resource[];
}

/** Asks the PDP for the plans of all actions, and for its decisions. */
export async function trialsOf(
  oracle: Oracle,
  kind: string,
  actions: Actions,
  resources: readonly Resource[],
): Promise<Trial[]> {
  const names = Object.keys(actions);
  const [allowed, filters] = await Promise.all([
    oracle.allowed(kind, actions, resources),
    Promise.all(names.map((name) => oracle.plan(kind, name, actions[name]?.question))),
  ]);
  return Object.entries(actions).map(([name, action], n) => ({
    name,
    action,
    filter: filters[n] ?? new Error("no plan"),
    expected: allowed.get(name) ?? new Set(),
    resources,
  }));
}

export function isTrivial({ expected, resources }: Trial): boolean {
  return expected.size === 0 || expected.size === resources.length;
}

/** A plan in SQL: in one condition, and as several of which one holds. */
export interface TriedCondition extends SqlCondition {
  readonly alternatives: readonly SqlCondition[];
}

/** The plan in SQL, or why there is none. */
export function conditionOf(filter: Filter | Error, options: Partial<SqlOptions> = {}): TriedCondition | Error {
  if (filter instanceof Error) return filter;
  const all = { table, columns, id, ...options };
  try {
    return { ...toSql(filter, all), alternatives: toSqlAlternatives(filter, all) };
  } catch (error) {
    return error as Error;
  }
}

/** How the rows of a condition differ from those that the PDP allows; `undefined` when they do not. */
export async function differenceIn(
  database: Database,
  trial: Trial,
  condition: TriedCondition | Error,
): Promise<string | undefined> {
  if (condition instanceof Error) return explain(trial, String(condition.stack));
  const { text, values, alternatives } = condition;
  const query = (where: string) => `select id from ${quoted(table)} where ${where}`;
  const sql = query(text);
  try {
    const found = new Set((await database.query(sql, values)).map((row) => String(row.id)));
    const parts = alternatives.length > 1 ? alternatives : [];
    const byParts = await Promise.all(parts.map((part) => database.query(query(part.text), part.values)));
    const foundByParts = new Set(byParts.flat().map((row) => String(row.id)));
    if (parts.length > 0 && !isDeepStrictEqual(foundByParts, found)) {
      return explain(trial, `its alternatives let other rows through: ${JSON.stringify(alternatives)}`);
    }
    const tooMany = [...found].filter((row) => !trial.expected.has(row));
    const missing = [...trial.expected].filter((row) => !found.has(row));
    const [first] = [...tooMany, ...missing];
    if (first === undefined) return undefined;
    const row = trial.resources.find((resource) => resource.id === first);
    const rows = `too many: ${JSON.stringify(tooMany)} missing: ${JSON.stringify(missing)}\n${JSON.stringify(row)}`;
    return explain(trial, `${rows}\n${sql}\n${JSON.stringify(values)}`);
  } catch (error) {
    return explain(trial, `${error}\n${sql}\n${JSON.stringify(values)}`);
  }
}

export function explain({ name, action, filter, expected }: Trial, what: string): string {
  const plan = filter instanceof Error ? filter.message : JSON.stringify(filter);
  const options = JSON.stringify({ ...action.options, ...action.question });
  return `${name}: ${describeRules(action.rules)} ${options} allows ${expected.size}\n${plan}\n${what}`;
}
