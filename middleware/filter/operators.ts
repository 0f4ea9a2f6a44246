/**
 * The supported operators and functions of query plans, as plans name them, with the least and the most operands of
 * each. Comprehensions are not among them: see {@link Comprehension}.
 *
 * @see https://docs.cerbos.dev/cerbos/latest/policies/conditions
 */
export const operators = {
  and: [1, Number.POSITIVE_INFINITY],
  or: [1, Number.POSITIVE_INFINITY],
  not: [1, 1],
  if: [3, 3],

  eq: [2, 2],
  ne: [2, 2],
  lt: [2, 2],
  le: [2, 2],
  gt: [2, 2],
  ge: [2, 2],

  add: [2, 2],
  sub: [2, 2],
  mult: [2, 2],
  div: [2, 2],
  mod: [2, 2],
  "-_": [1, 1],

  startsWith: [2, 2],
  endsWith: [2, 2],
  contains: [2, 2],
  matches: [2, 2],
  lowerAscii: [1, 1],
  upperAscii: [1, 1],

  string: [1, 1],
  int: [1, 1],
  double: [1, 1],
  bool: [1, 1],
  dyn: [1, 1],
  timestamp: [1, 1],
  duration: [1, 1],

  timeSince: [1, 1],
  getFullYear: [1, 2],
  getMonth: [1, 2],
  getDate: [1, 2],
  getDayOfMonth: [1, 2],
  getDayOfWeek: [1, 2],
  getDayOfYear: [1, 2],
  getHours: [1, 2],
  getMinutes: [1, 2],
  getSeconds: [1, 2],
  getMilliseconds: [1, 2],

  // From PDP 0.57; of an attribute or a member.
  has: [1, 1],

  in: [2, 2],
  size: [1, 1],
  index: [2, 2],
  hasIntersection: [2, 2],
  has_intersection: [2, 2],
  isSubset: [2, 2],
  is_subset: [2, 2],
  except: [2, 2],
  intersect: [2, 2],
  // From PDP 0.58.
  hasAny: [2, 2],
  hasAll: [2, 2],
  hasOnly: [2, 2],
  hasExactly: [2, 2],

  hierarchy: [1, 2],
  ancestorOf: [2, 2],
  descendentOf: [2, 2],
  immediateParentOf: [2, 2],
  immediateChildOf: [2, 2],
  siblingOf: [2, 2],
  overlaps: [2, 2],
  commonAncestors: [2, 2],
} as const satisfies Readonly<Record<string, readonly [least: number, most: number]>>;

/** The name of a supported operator or function. */
export type Operator = keyof typeof operators;

/** Whether an operator of a query plan is supported. */
export function isOperator(name: string): name is Operator {
  return Object.hasOwn(operators, name);
}
