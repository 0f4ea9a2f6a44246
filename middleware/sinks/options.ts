/** The ranges of options that are integers, both ends included. */
type Ranges<T> = { readonly [K in keyof T]?: { readonly min: number; readonly max: number } };

/**
 * Complete settings: the options that are given, and the defaults of all others.
 *
 * @param caller - name of the function that takes the options, for messages
 * @param ranges - of the options that must be integers
 * @throws TypeError when an option is not known, or a number is not in its range
 */
export function settingsFrom<T extends object>(caller: string, options: unknown, defaults: T, ranges: Ranges<T>): T {
  if (typeof options !== "object" || options === null) throw argumentError(caller, "options must be an object");
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const unknown = given.map(([name]) => name).filter((name) => !Object.hasOwn(defaults, name));
  if (unknown.length > 0) {
    throw argumentError(
      caller,
      `there is no option ${unknown.join(", ")}; there are ${Object.keys(defaults).join(", ")}`,
    );
  }
  const settings: T = { ...defaults, ...Object.fromEntries(given) };
  for (const name of Object.keys(ranges) as (keyof T & string)[]) {
    const value: unknown = settings[name];
    const { min, max } = ranges[name] as NonNullable<Ranges<T>[typeof name]>;
    if (!(Number.isInteger(value) && (value as number) >= min && (value as number) <= max)) {
      throw argumentError(caller, `${name} must be a whole number from ${min} to ${max}, not ${String(value)}`);
    }
  }
  return settings;
}

/** The error for an argument that is not valid: `problem` says what is wrong with it. */
export function argumentError(caller: string, problem: string): TypeError {
  return new TypeError(`${caller}(): ${problem}.`);
}
