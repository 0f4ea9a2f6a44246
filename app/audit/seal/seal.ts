import { hash } from "node:crypto";
import { z } from "zod";
import { canonicalJson } from "../record/canonical-json.js";
import { parseObject } from "../record/parse.js";

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
  /**
   * Number of the last seal whose records were deleted because they were too old; 0 when there is none. The seals before
   * it were deleted too. Its own row is kept: the next seal names its hash, so that its time cannot be forged.
   */
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

/**
 * Number of the last seal that had expired when a seal was made; `undefined` when its content cannot be read. The other
 * members, with a thousand digests, are not needed.
 */
export function expiredBefore({ content }: Seal): number | undefined {
  return sealContent.pick({ expired: true }).safeParse(parseObject(content)).data?.expired;
}
