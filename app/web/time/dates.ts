import { LRUCache } from "lru-cache";
import { wallClock } from "./zones.js";

const MAX_FORMATS = 200;

const formats = new LRUCache<string, Intl.DateTimeFormat>({ max: MAX_FORMATS });

/** A time as an `Intl.DateTimeFormat` writes it. Formats are kept: making one takes longer than using it. */
export function formatted(time: Date, zone: string, options: Intl.DateTimeFormatOptions): string {
  const key = `${zone} ${JSON.stringify(options)}`;
  const format = formats.get(key) ?? new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone });
  formats.set(key, format);
  return format.format(time);
}

const LONG = {
  ...{ day: "numeric", month: "long", year: "numeric" },
  ...{ hour: "2-digit", minute: "2-digit", timeZoneName: "short" },
} as const satisfies Intl.DateTimeFormatOptions;

/** A date and time in words, with the name of its zone: `29 November 2026 at 14:02 CET`. */
export function dateText(time: Date, zone: string): string {
  return formatted(time, zone, LONG);
}

/** A date and time that stands below others like it, to the second, without its zone: `2026-11-29 14:02:11`. */
export function tabularDate(time: Date, zone: string): string {
  return wallClock(time, zone).toISOString().slice(0, 19).replace("T", " ");
}

/** A time of day, to the second, with the name of its zone: `14:02:11 CET`. */
export function timeOfDay(time: Date, zone: string): string {
  const options = { hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short" } as const;
  return formatted(time, zone, options);
}

/** A zone as a reader knows it: `Europe/Zurich (CET)`. @param time - when it has the name in brackets */
export function zoneText(zone: string, time: Date): string {
  const name = formatted(time, zone, { hour: "numeric", timeZoneName: "short" }).split(" ").at(-1);
  return name === zone ? zone : `${zone} (${name})`;
}
