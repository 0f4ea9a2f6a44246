import { LRUCache } from "lru-cache";
import type { Person } from "../../auth/claims.js";

/** The zone of those whose profile names none that can be used. */
export const UTC = "UTC";

const DAY_MS = 24 * 60 * 60 * 1000;
/** There are about 600 names of zones. */
const MAX_FORMATS = 100;
/** No name of a zone is as long. */
const MAX_NAME_CHARACTERS = 100;

/** What tells a zone's distance from UTC at a moment, by the zone's name. */
const offsetFormats = new LRUCache<string, Intl.DateTimeFormat>({ max: MAX_FORMATS });

/**
 * The time zone in which a person is shown times: what Okta's directory says or, without one, the claim `zoneinfo` of the login
 * (OpenID Connect Core 1.0, section 5.1), as far as it is a zone of the IANA database that this machine knows.
 */
export function timeZoneOf(person: Person | null | undefined): string {
  const names = [person?.directory?.timeZone, person?.claims.zoneinfo];
  return names.find(isTimeZone) ?? UTC;
}

/** Whether a value names a time zone that `Intl` knows. */
export function isTimeZone(value: unknown): value is string {
  if (typeof value !== "string" || value === "" || value.length > MAX_NAME_CHARACTERS) return false;
  try {
    offsetFormat(value);
    return true;
  } catch {
    return false;
  }
}

/** @throws RangeError when there is no such zone */
function offsetFormat(zone: string): Intl.DateTimeFormat {
  const known = offsetFormats.get(zone);
  if (known) return known;
  const format = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
  offsetFormats.set(zone, format);
  return format;
}

/** How much later the clocks of a zone are than those of UTC at a moment, in ms. */
function offsetMs(time: number, zone: string): number {
  if (zone === UTC) return 0;
  const name = offsetFormat(zone)
    .formatToParts(time)
    .find(({ type }) => type === "timeZoneName")?.value;
  // "GMT", "GMT+05:30" or, in times long past, "GMT-00:01:15".
  const [, sign, hours = 0, minutes = 0, seconds = 0] = /([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(name ?? "") ?? [];
  const offset = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  return sign === "-" ? -offset : offset;
}

/** What the clocks of a zone show at a moment, as if it were UTC. */
export function wallClock(time: Date, zone: string): Date {
  return new Date(time.getTime() + offsetMs(time.getTime(), zone));
}

/**
 * The moment at which the clocks of a zone show a time: the first one, where they show it twice, and as much later as they are
 * put forward, where they leave it out.
 *
 * @param wall - as {@link wallClock} has it
 */
export function fromWallClock(wall: Date, zone: string): Date {
  const shown = wall.getTime();
  const before = shown - offsetMs(shown - DAY_MS, zone);
  const after = shown - offsetMs(shown + DAY_MS, zone);
  const real = [before, after].filter((time) => time + offsetMs(time, zone) === shown);
  return new Date(real.length > 0 ? Math.min(...real) : before);
}
