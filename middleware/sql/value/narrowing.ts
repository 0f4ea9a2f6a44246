import { NotExpressible } from "../not-expressible.js";
import { assertHoldable } from "./constants.js";
import { has } from "./facts.js";
import { isScalar, type Kind, type Scalar, type Value } from "./types.js";
import { dynamic, failing, fallible } from "./value.js";

/*
 * A value as one of a certain type; anything else fails.
 */

/** The text in a value; anything else fails. */
export function asString(value: Value): Scalar {
  if (value.kind !== "json") return ofKind(value, "string");
  return extracted(value, "string", `(${only(value, "string")} #>> '{}')`);
}

/** The truth in a value; anything else fails. */
export function asBoolean(value: Value): Scalar {
  if (value.kind !== "json") return ofKind(value, "boolean");
  return extracted(value, "boolean", `(${only(value, "boolean")})::boolean`);
}

/**
 * The floating-point number in a value; anything else fails, integers included.
 *
 * @throws NotExpressible when a number in JSON may be an integer
 */
export function asDouble(value: Value): Scalar {
  if (value.kind === "json" && has(value, "integers")) {
    throw new NotExpressible("whether a number is an integer is not known in JSON.");
  }
  return asNumber(value);
}

/** The number in JSON, of whichever type, or the floating-point number that a value is; anything else fails. */
export function asNumber(value: Value): Scalar {
  if (value.kind !== "json") return ofKind(value, "double");
  if (has(value, "infinite")) throw new NotExpressible("a number in JSON cannot be infinite.");
  // What JavaScript could not have written is none.
  const inRange = `@ > -${ABOVE_ANY_DOUBLE} && @ < ${ABOVE_ANY_DOUBLE} && (@ == 0 || @ > 3e-324 || @ < -3e-324)`;
  return extracted(value, "double", `(${only(value, "number", inRange)})::float8`);
}

/** More than any floating-point number. */
const ABOVE_ANY_DOUBLE = "1.7976931348623158e308";

function ofKind(value: Value, kind: Kind): Scalar {
  if (value.kind !== kind || !isScalar(value)) return failing(kind);
  if (value.kind === "string") assertHoldable(value.literal);
  return value.nulls === "null" ? { ...value, nulls: "fails" } : value;
}

/** JSON, if it is of a type; otherwise NULL. */
function only({ sql }: Scalar, type: string, condition?: string): string {
  const filter = [`@.type() == "${type}"`, ...(condition ? [condition] : [])].join(" && ");
  return `jsonb_path_query_first(${sql}, 'strict $ ? (${filter})')`;
}

function extracted(value: Scalar, kind: Kind, sql: string): Scalar {
  return dynamic(fallible(kind, sql, [value]));
}
