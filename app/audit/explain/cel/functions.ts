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

/** A function of two values, `a` and `b`, written in CEL: so that what is equal is decided in one place. */
function written(text: string): (a: CelValue, b: CelValue) => CelValue {
  const run = plan(standard, parse(text)) as (bindings: Record<string, CelInput>) => CelResult;
  return (a, b) => {
    const result = run({ a, b });
    if (isCelError(result)) throw result;
    return result;
  };
}

/** Cerbos has these both ways: `f(a, b)` and `a.f(b)`. */
function ofLists(name: string, result: typeof CelScalar.BOOL | typeof LIST, text: string) {
  const compute = written(text);
  return [
    celFunc(name, [LIST, LIST], result, (a, b) => compute(a, b) as never),
    celMethod(name, LIST, [LIST], result, function (b) {
      return compute(this, b) as never;
    }),
  ];
}

const minus = written("a - b");

/**
 * What Cerbos adds to CEL and is simple enough to add here. What else it has (hierarchies, IP addresses, SPIFFE ids)
 * is not known, and expressions that use it are not evaluated.
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
