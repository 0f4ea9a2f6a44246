import { timeOfDay } from "../../../web/time/dates.js";
import type { ReadRecord, Repeats } from "../../record/record.js";

/** How many refusals a record stands for, in a few words. */
export function repeatsLabel({ count }: Repeats): string {
  return `${count.toLocaleString("en-GB")} more like it`;
}

/**
 * What a record says of the refusals that it stands for, in sentences; `null` when it is about one event.
 *
 * They follow one that has a record of its own: the first within a minute.
 *
 * @param zone - the reader's time zone
 */
export function repeatsSentence({ repeats }: ReadRecord, zone: string): string | null {
  if (!repeats) return null;
  const { count, from, to, networks } = repeats;
  const [first, last] = [from, to].map((time) => timeOfDay(new Date(time), zone));
  const times = from === to ? `at ${first}` : `from ${first} to ${last}`;
  const number = count.toLocaleString("en-GB");
  const found = networks.length > 0 ? ` They came from ${listOf(networks)}.` : "";
  return `This stands for ${number} more like one that is on record before, ${times}.${found} Nobody was logged in, so they are only counted.`;
}

/** Most networks that a sentence names. The record has a few more. */
const MAX_NETWORKS_NAMED = 3;

function listOf(networks: readonly string[]): string {
  const named = networks.slice(0, MAX_NETWORKS_NAMED);
  if (named.length < networks.length) return `${named.join(", ")} and elsewhere`;
  return named.length < 2 ? named.join() : `${named.slice(0, -1).join(", ")} and ${named.at(-1)}`;
}
