import type { Findings } from "./findings.js";
import type { NotedSeal } from "./noted-head.js";

const DAY_MS = 24 * 60 * 60 * 1000;
/** How much the clocks of the machines that records, seals and verifications are made on may differ. */
export const MAX_CLOCK_DIFFERENCE_MS = 60 * 60 * 1000;

/** A seal that is there, and the time that it says it was made at. */
export interface DatedSeal {
  readonly number: number;
  readonly sealedAt: Date;
}

/** What the chain says about the seals that are not there any more. */
export interface Expiry {
  /** Number of the last seal that was deleted for its age, by what the last seal says; 0 when none was. */
  readonly expired: number;
  /** The oldest seal that is there; `undefined` when there is none. */
  readonly first: DatedSeal | undefined;
  /** The first seal that is not older than the last expired one: that one itself, whose row is kept, or the next. */
  readonly witness: DatedSeal | undefined;
}

/**
 * Finds seals that were deleted for their age, by what the chain says, and that were not old enough.
 *
 * The witness bounds their age: seals are made one after another, so none that was deleted is newer. Its time is under its
 * hash, which the next seal names. To forge it, an attacker has to make all later seals anew, which a noted seal shows.
 *
 * @param anchor - a seal that was noted outside the database
 * @param retentionDays - how long records are kept; `undefined`: for ever, so that nothing may have been deleted
 */
export function checkExpiry(
  { expired, first, witness }: Expiry,
  anchor: NotedSeal | undefined,
  retentionDays: number | undefined,
  findings: Findings,
): void {
  if (expired === 0) return;
  const isTooYoung = (time: Date) => retentionDays === undefined || ageInMs(time) < retentionDays * DAY_MS;
  const rule = retentionDays === undefined ? "no retention is set" : `records are kept for ${retentionDays} days`;
  if (witness && isTooYoung(witness.sealedAt)) {
    const made = `seal ${witness.number} is of ${witness.sealedAt.toISOString()}`;
    findings.add("seal removed", `${recordsUpTo(expired)} were deleted as too old, but ${made}, and ${rule}.`);
  }
  if (!anchor?.sealedAt || !isExpired(anchor, { expired, first })) return;
  const noted = `Seal ${anchor.number}, which was noted with the time ${anchor.sealedAt.toISOString()},`;
  if (isTooYoung(anchor.sealedAt)) {
    findings.add("seal removed", `${noted} was deleted as too old, but ${rule}.`);
  } else if (witness && witness.sealedAt < anchor.sealedAt) {
    const detail = `${noted} is newer than seal ${witness.number}, which says that it is of ${witness.sealedAt.toISOString()}.`;
    findings.add("seal changed", detail);
  }
}

/** Whether a noted seal is not there, and the chain says that it was deleted for its age. */
export function isExpired({ number }: NotedSeal, { expired, first }: Pick<Expiry, "expired" | "first">): boolean {
  return number <= expired && (first === undefined || number < first.number);
}

function ageInMs(time: Date): number {
  return Date.now() + MAX_CLOCK_DIFFERENCE_MS - time.getTime();
}

function recordsUpTo(last: number): string {
  return last === 1 ? "The records of seal 1" : `The records of seals 1 to ${last}`;
}
