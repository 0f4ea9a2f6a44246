import { NotExpressible } from "../not-expressible.js";
import { postgresPattern } from "../regex/to-postgres.js";
import type { Statement } from "../statement.js";
import { asString } from "../value/narrowing.js";
import { isScalar, type Scalar, type Value } from "../value/types.js";
import { failing, strict } from "../value/value.js";

/**
 * `text.matches(pattern)`: somewhere in the text (CEL specification, "Regular Expressions").
 *
 * @throws NotExpressible when the pattern is no constant, or PostgreSQL has none that means the same
 */
export function matches(statement: Statement, text: Value, pattern: Value): Scalar {
  if (!isScalar(pattern) || pattern.literal === undefined) {
    throw new NotExpressible("the pattern must be a constant.");
  }
  if (typeof pattern.literal !== "string") return failing("boolean");
  const subject = asString(text);
  return strict(
    "boolean",
    [subject],
    `(${subject.sql} ~ ${statement.parameter(postgresPattern(pattern.literal), "text")})`,
  );
}
