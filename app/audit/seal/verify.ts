import type { Db } from "../../db/database.js";
import { checkExpiry } from "./expiry.js";
import { type Finding, Findings } from "./findings.js";
import { HourlyRecount } from "./hourly-counts.js";
import type { DatedReference, NotedSeal } from "./noted-head.js";
import { SealChain } from "./seal-chain.js";
import { SealedRecords } from "./sealed-records.js";

/** The result of a verification. */
export interface Verification {
  /** The first 20 findings, in the order of the log; empty when everything is as it was sealed. */
  readonly findings: readonly Finding[];
  /** How many findings there are in all. */
  readonly found: number;
  /** How many seals there are whose records are kept. Retention may have deleted older ones with their records. */
  readonly seals: number;
  /** How many records the seals cover. */
  readonly sealed: number;
  /** How many records wait for a seal. */
  readonly unsealed: number;
  /** The last seal; `undefined` when there is none. */
  readonly head: DatedReference | undefined;
  /** Whether retention has deleted the seal that was noted, so that it cannot be compared. */
  readonly isAnchorExpired: boolean;
}

export interface VerifyOptions {
  /** A seal that was noted outside the database. The chain must still have it. */
  readonly anchor?: NotedSeal;
  /** How long records are kept, in days; `undefined`: for ever, so that no seal may have been deleted for its age. */
  readonly retentionDays?: number | undefined;
  /** Is called now and then with the share of the log that has been read, 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

/**
 * Walks the decision log and its chain of seals, and finds what was changed, removed, reordered or inserted since it
 * was sealed. It reads one snapshot of the database, however long it takes. As long as nothing is found, its memory
 * grows with the hours of the log, and not with its records.
 */
export function verify(
  db: Db,
  { anchor, retentionDays, onProgress = () => {} }: VerifyOptions = {},
): Promise<Verification> {
  return db.transaction(
    async (tx) => {
      const findings = new Findings();
      const chain = new SealChain(tx, anchor, findings);
      const records = await SealedRecords.open(tx, findings, onProgress);
      const recount = new HourlyRecount(tx);
      let sealed = 0;
      for await (const content of chain.contents()) {
        await records.compare(content);
        await recount.add(content.records.map(([seq]) => seq));
        sealed += content.records.length;
      }
      await chain.checkEnds();
      checkExpiry(chain.expiry, anchor, retentionDays, findings);
      const unsealed = await records.checkUnsealed();
      // Where records or seals are not as they were, their counts are not either.
      if (findings.count === 0) await recount.compare(findings);
      onProgress(1);
      const { length: seals, head, isAnchorExpired } = chain;
      return { findings: findings.described, found: findings.count, seals, sealed, unsealed, head, isAnchorExpired };
    },
    { isolationLevel: "repeatable read", accessMode: "read only" },
  );
}
