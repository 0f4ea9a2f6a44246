import {
  type CelInput,
  type CelResult,
  CelScalar,
  type CelValue,
  celEnv,
  celFunc,
  celMethod,
  isCelError,
  listType,
  objectType,
  parse,
  plan,
} from "@bufbuild/cel";
import { strings } from "@bufbuild/cel/ext";
import { DurationSchema, TimestampSchema, timestampNow } from "@bufbuild/protobuf/wkt";

const LIST = listType(CelScalar.DYN);
const TIMESTAMP = objectType(TimestampSchema);
const DURATION = objectType(DurationSchema);

const standard = celEnv();

/** A function of two values, `a` and `b`, defined by a CEL expression, so that CEL itself decides what is equal. */
function definedBy(text: string): (a: CelValue, b: CelValue) => CelValue {
  const run = plan(standard, parse(text)) as (bindings: Record<string, CelInput>) => CelResult;
  return (a, b) => {
    const result = run({ a, b });
    if (isCelError(result)) throw result;
    return result;
  };
}

/** A function of two lists. Cerbos takes both `f(a, b)` and `a.f(b)`. */
function ofLists(name: string, result: typeof CelScalar.BOOL | typeof LIST, text: string) {
  const compute = definedBy(text);
  return [
    celFunc(name, [LIST, LIST], result, (a, b) => compute(a, b) as never),
    celMethod(name, LIST, [LIST], result, function (b) {
      return compute(this, b) as never;
    }),
  ];
}

const minus = definedBy("a - b");

/**
 * The functions that Cerbos adds to CEL, without those for hierarchies, IP addresses and SPIFFE ids: expressions that
 * use these are not evaluated here.
 *
 * @see https://docs.cerbos.dev/cerbos/latest/policies/conditions
 */
export const functions = [
  ...strings,
  ...ofLists("hasIntersection", CelScalar.BOOL, "a.exists(x, x in b)"),
  ...ofLists("intersect", LIST, "a.filter(x, x in b)"),
  ...ofLists("except", LIST, "a.filter(x, !(x in b))"),
  ...ofLists("isSubset", CelScalar.BOOL, "a.all(x, x in b)"),
  celFunc("now", [], TIMESTAMP, () => timestampNow()),
  celMethod("timeSince", TIMESTAMP, [], DURATION, function () {
    return minus(now(), this as CelValue) as never;
  }),
];

function now(): CelValue {
  return timestampNow() as never;
}
