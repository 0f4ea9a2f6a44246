import type { Logger } from "pino";
import type { Attributes, Value } from "../../../middleware/index.js";

/** The attributes of a principal that come from elsewhere. */
const OWN_ATTRIBUTES: ReadonlySet<string> = new Set(["department"]);

/**
 * Makes the function that turns attributes of an Okta profile into those of a principal: texts, numbers, booleans and
 * lists of texts. Anything else, which policies could not rely on, is left out; the log says so once for each attribute. What
 * a profile does not have, or has as `null`, is left out too.
 *
 * @param names - of the attributes that policies may see. The department is always one of a principal's
 */
export function principalAttributes(
  names: readonly string[],
  logger: Logger,
): (profile: Readonly<Record<string, unknown>>) => Attributes {
  const told = new Set<string>();

  function attributeIn(profile: Readonly<Record<string, unknown>>, name: string): Value | undefined {
    const value = Object.hasOwn(profile, name) ? profile[name] : null;
    if (value === null) return undefined;
    if (isAttribute(value)) return value;
    if (!told.has(name)) {
      told.add(name);
      logger.warn({ attribute: name }, "an attribute of the directory is no text, number, boolean or list of texts");
    }
  }

  const shown = names.filter((name) => !OWN_ATTRIBUTES.has(name));
  return (profile) =>
    Object.fromEntries(
      shown.flatMap((name) => {
        const value = attributeIn(profile, name);
        return value === undefined ? [] : [[name, value]];
      }),
    );
}

function isAttribute(value: unknown): value is string | number | boolean | string[] {
  if (Array.isArray(value)) return value.every(isText);
  return isText(value) || typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value));
}

/** Half a surrogate pair does not reach the PDP. */
function isText(value: unknown): value is string {
  return typeof value === "string" && value.isWellFormed();
}
