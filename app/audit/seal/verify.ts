import type { Db } from "../../db/database.js";
import { type Finding, Findings } from "./findings.js";
import type { SealReference } from "./seal.js";
import { SealChain } from "./seal-chain.js";
import { SealedRecords } from "./sealed-records.js";

/** The result of a verification. */
export interface Verification {
  /** The first 20 findings, in the order of the log; empty when everything is as it was sealed. */
  readonly findings: readonly Finding[];
  /** How many findings there are in all. */
  readonly found: number;
  /** How many seals there are. Retention may have deleted older ones with their records. */
  readonly seals: number;
  /** How many records the seals cover. */
  readonly sealed: number;
  /** How many records wait for a seal. */
  readonly unsealed: number;
  /** The last seal; `undefined` when there is none. */
  readonly head: SealReference | undefined;
  /** Whether retention has deleted the seal that was noted, so that it cannot be compared. */
  readonly isAnchorExpired: boolean;
}

export interface VerifyOptions {
  /** A seal that was noted outside the database. The chain must still have it. */
  readonly anchor?: SealReference;
  /** Is called now and then with the share of the log that has been read, 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

/**
 * Walks the decision log and its chain of seals, and finds what was changed, removed, reordered or inserted since it
 * was sealed. It reads one snapshot of the database, however long it takes. As long as nothing is found, its memory
 * does not grow with the log.
 */
export function verify(db: Db, { anchor, onProgress = () => {} }: VerifyOptions = {}): Promise<Verification> {
  return db.transaction(
    async (tx) => {
      const findings = new Findings();
      const chain = new SealChain(tx, anchor, findings);
      const records = await SealedRecords.open(tx, findings, onProgress);
      let sealed = 0;
      for await (const content of chain.contents()) {
        await records.compare(content);
        sealed += content.records.length;
      }
      await chain.checkEnds();
      const unsealed = await records.checkUnsealed();
      onProgress(1);
      const { length: seals, head, isAnchorExpired } = chain;
      return { findings: findings.described, found: findings.count, seals, sealed, unsealed, head, isAnchorExpired };
    },
    { isolationLevel: "repeatable read", accessMode: "read only" },
  );
}
