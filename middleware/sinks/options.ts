/** The most that Node's timers can wait, in ms. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** From where to where whole numbers may be. */
type Ranges<T> = { readonly [K in keyof T]?: { readonly least: number; readonly most: number } };

/**
 * Settings with nothing left open: the options that are given, and the defaults for all others.
 *
 * @param caller - the function whose options they are, for messages
 * @param ranges - of the options that must be whole numbers
 * @throws TypeError when an option is not known, or a number is not in its range
 */
export function settingsFrom<T extends object>(caller: string, options: unknown, defaults: T, ranges: Ranges<T>): T {
  if (typeof options !== "object" || options === null) throw invalid(caller, "options must be an object");
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const unknown = given.map(([name]) => name).filter((name) => !Object.hasOwn(defaults, name));
  if (unknown.length > 0) {
    throw invalid(caller, `there is no option ${unknown.join(", ")}; there are ${Object.keys(defaults).join(", ")}`);
  }
  const settings: T = { ...defaults, ...Object.fromEntries(given) };
  for (const name of Object.keys(ranges) as (keyof T & string)[]) {
    const value: unknown = settings[name];
    const { least, most } = ranges[name] as NonNullable<Ranges<T>[typeof name]>;
    if (!(Number.isInteger(value) && (value as number) >= least && (value as number) <= most)) {
      throw invalid(caller, `${name} must be a whole number from ${least} to ${most}, not ${String(value)}`);
    }
  }
  return settings;
}

/** An error that tells what is wrong with the arguments of a function. */
export function invalid(caller: string, what: string): TypeError {
  return new TypeError(`${caller}(): ${what}.`);
}
