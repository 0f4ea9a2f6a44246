import { OktaError } from "../okta-error.js";

/** What an attribute may be compared with, by operator. */
export type Attributes = (name: string) => "text" | "time" | undefined;

/** A filter expression of SCIM (RFC 7644, section 3.4.2.2), as far as Okta's lists have it. */
export interface Filter {
  /** @param read - the value of an attribute, "" when there is none */
  matches(read: (attribute: string) => string): boolean;
  /** Whether the expression names an attribute. */
  names(attribute: string): boolean;
}

type Test = (read: (attribute: string) => string) => boolean;

const comparisons: Readonly<Record<string, (a: string | number, b: string | number) => boolean>> = {
  eq: (a, b) => a === b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  sw: (a, b) => String(a).startsWith(String(b)),
};

/**
 * Reads an expression: comparisons with `eq`, and of times with `gt`, `ge`, `lt` and `le`, tied by `and`, `or` and
 * parentheses.
 *
 * @throws OktaError 400 for anything else
 */
export function parseFilter(text: string, attributes: Attributes, operators: readonly string[] = ["eq"]): Filter {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[()]|[^\s()"]+/g) ?? [];
  const named = new Set<string>();
  const test = either();
  if (tokens.length > 0) throw invalid();
  return { matches: test, names: (attribute) => named.has(attribute) };

  function either(): Test {
    const tests = [both()];
    while (takes("or")) tests.push(both());
    return (read) => tests.some((one) => one(read));
  }

  function both(): Test {
    const tests = [single()];
    while (takes("and")) tests.push(single());
    return (read) => tests.every((one) => one(read));
  }

  function single(): Test {
    if (!takes("(")) return comparison();
    const test = either();
    if (!takes(")")) throw invalid();
    return test;
  }

  function comparison(): Test {
    const [attribute = "", operator = "", literal = ""] = tokens.splice(0, 3);
    const type = attributes(attribute);
    const compare = comparisons[operator];
    const allowed = operators.includes(operator) || (type === "time" && ["gt", "ge", "lt", "le"].includes(operator));
    if (!type || !compare || !allowed || !literal.startsWith('"')) throw invalid();
    named.add(attribute);
    const value = literal.slice(1, -1).replace(/\\(.)/g, "$1");
    if (type === "text") return (read) => compare(read(attribute), value);
    const time = Date.parse(value);
    if (Number.isNaN(time)) throw invalid();
    return (read) => compare(Date.parse(read(attribute)), time);
  }

  function takes(token: string): boolean {
    if (tokens[0]?.toLowerCase() !== token) return false;
    tokens.shift();
    return true;
  }

  function invalid(): OktaError {
    return new OktaError(400, "E0000031", `Invalid search criteria: ${text}`);
  }
}
