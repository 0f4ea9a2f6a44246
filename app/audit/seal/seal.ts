import { hash } from "node:crypto";
import { z } from "zod";
import { canonicalJson } from "../record/canonical-json.js";

/** What a seal says of a record: its place in the table, its id, and the SHA-256 of its text in base64url. */
const sealedRecord = z.tuple([z.number(), z.string(), z.string()]);

/** What a seal covers. Each names the hash of the one before, so that none can be changed without all that follow. */
export const sealContent = z.object({
  number: z.number(),
  /** Hash of the seal before; of the first, 64 zeros. */
  previous: z.string(),
  sealedAt: z.string(),
  /** Number of the last seal that was deleted because its records were too old; 0 when none was. */
  expired: z.number(),
  /** In the order of the log. */
  records: z.array(sealedRecord),
});
export type SealContent = z.output<typeof sealContent>;

/** A seal as it is stored. */
export interface Seal {
  readonly number: number;
  readonly sealedAt: Date;
  readonly content: string;
  readonly hash: string;
}

/** What the first seal names as the hash before it. */
export const GENESIS = "0".repeat(64);

/** The hash of a seal: SHA-256 of its content in UTF-8, in hexadecimal. */
export function hashOf(content: string): string {
  return hash("sha256", content, "hex");
}

/** Makes a seal. Its content is canonical JSON (RFC 8785). */
export function sealOf(content: SealContent): Seal {
  const text = canonicalJson(content);
  return { number: content.number, sealedAt: new Date(content.sealedAt), content: text, hash: hashOf(text) };
}
