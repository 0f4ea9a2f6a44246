import { sql } from "drizzle-orm";
import { contacts } from "./schema.js";

/** How many blocks of the table there are in a sample: each has some ten contacts, or twenty. */
const BLOCKS = 100;

/**
 * Some of the contacts, from all over the table and always from the same places, as a source of a query: enough to estimate
 * which share of all has something in common.
 */
export const sampleOfContacts = sql`${contacts} tablesample system (
  least(100, 100.0 * ${BLOCKS} * current_setting('block_size')::int / greatest(pg_relation_size('contacts'), 1))
) repeatable (0)`;
