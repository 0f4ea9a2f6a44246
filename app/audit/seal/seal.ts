import { hash } from "node:crypto";
import { z } from "zod";
import { canonicalJson } from "../record/canonical-json.js";

/** A record in a seal: its sequence number, its id, and the digest of its text (see `digestOf`). */
const sealedRecord = z.tuple([z.number(), z.string(), z.string()]);

/**
 * What a seal covers. Each seal contains the hash of the seal before it, so that none can be changed without changing
 * all that follow.
 */
export const sealContent = z.object({
  /** 1 for the first seal, then one more for each. */
  number: z.number(),
  /** Hash of the previous seal; {@link GENESIS_HASH} in the first. */
  previous: z.string(),
  /** ISO 8601 in UTC, to the millisecond. */
  sealedAt: z.string(),
  /** Number of the last seal that was deleted because its records were too old; 0 when none was. */
  expired: z.number(),
  /** In the order of the log. */
  records: z.array(sealedRecord),
});
export type SealContent = z.output<typeof sealContent>;

/** A seal's number and hash. Noted outside the database, they show later whether the chain still has that seal. */
export interface SealReference {
  readonly number: number;
  readonly hash: string;
}

/** A seal as it is stored. */
export interface Seal extends SealReference {
  readonly sealedAt: Date;
  readonly content: string;
}

/** What the first seal has as the hash of the previous one. */
export const GENESIS_HASH = "0".repeat(64);

/** The hash of a seal: SHA-256 of its content in UTF-8, in hexadecimal. */
export function hashOf(content: string): string {
  return hash("sha256", content, "hex");
}

/** Makes a seal. Its content is canonical JSON (RFC 8785). */
export function sealOf(content: SealContent): Seal {
  const text = canonicalJson(content);
  return { number: content.number, sealedAt: new Date(content.sealedAt), content: text, hash: hashOf(text) };
}
