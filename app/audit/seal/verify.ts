import { isDeepStrictEqual } from "node:util";
import { asc, eq, gt, isNull, max, min, sql } from "drizzle-orm";
import type { Db } from "../../db/database.js";
import { decisions, sealHead, seals, unsealedDecisions } from "../../db/schema.js";
import { digestOf } from "../record/digest.js";
import type { DecisionRecord } from "../record/record.js";
import { columnsOf } from "../record/row.js";
import { GENESIS, hashOf, type SealContent, sealContent } from "./seal.js";

/** Rows read at once. */
const CHUNK = 2_000;

/** Findings that are told in words; all are counted. */
const MOST_FINDINGS = 20;

/** Something that is not as it was sealed. */
export interface Finding {
  readonly what: "changed" | "removed" | "reordered" | "inserted" | "seal changed" | "seal removed";
  /** In words, with the ids and numbers of what is meant. */
  readonly detail: string;
}

/** What came of a verification. */
export interface Verification {
  /** The first of what was found, in the order of the log; empty when all is as it was sealed. */
  readonly findings: readonly Finding[];
  /** How many there are in all. */
  readonly found: number;
  /** How many seals there are; older ones may have been deleted with their records. */
  readonly seals: number;
  /** Records that are under a seal. */
  readonly sealed: number;
  /** Records that no seal covers yet. */
  readonly unsealed: number;
  /** The last seal; `undefined` when there is none. */
  readonly head: Seen | undefined;
  /** Whether the noted seal is too old to be there, so that nothing can be said by it. */
  readonly isAnchorExpired: boolean;
}

/** A seal that was seen. */
export interface Seen {
  readonly number: number;
  readonly hash: string;
}

/** A row, as far as it matters here. */
interface Row {
  readonly seq: number;
  /** As the record says. */
  readonly id: string;
  /** As its column says. */
  readonly columnId: string;
  readonly digest: string;
  /** Whether the columns are those of the record. */
  readonly isSound: boolean;
}

/**
 * Walks the decision log and its chain of seals, and finds what was changed, removed, reordered or inserted since it
 * was sealed. It sees the log as it is at one moment, however long it takes. As long as nothing is found, memory stays the
 * same for any length.
 *
 * @param anchor - a seal that was noted elsewhere, which the chain must still have
 * @param onProgress - told now and then which share of the log has been walked, 0 to 1
 */
export function verify(
  db: Db,
  { anchor, onProgress = () => {} }: { anchor?: Seen; onProgress?: (share: number) => void } = {},
): Promise<Verification> {
  return db.transaction((tx) => new Walk(tx, anchor, onProgress).run(), {
    isolationLevel: "repeatable read",
    accessMode: "read only",
  });
}

type StoredSeal = typeof seals.$inferSelect;

/** The seal before, and whether its hash can be relied on. */
interface Link extends Seen {
  readonly isSound: boolean;
}

class Walk {
  readonly #db: Db;
  readonly #anchor: Seen | undefined;
  readonly #onProgress: (share: number) => void;
  readonly #findings: Finding[] = [];
  #found = 0;
  /** Rows that have been read and that no seal has named so far, by their place. */
  readonly #rows = new Map<number, Row>();
  /** What to do when a record that is not at its place is found elsewhere, by its id. */
  readonly #missing = new Map<string, (place: number) => void>();
  /** Places of records that stand where others belong, by their ids. */
  readonly #strangers = new Map<string, number>();
  #readUpTo = 0;
  #lastSeq = 0;
  #isReadToEnd = false;

  constructor(db: Db, anchor: Seen | undefined, onProgress: (share: number) => void) {
    this.#db = db;
    this.#anchor = anchor;
    this.#onProgress = onProgress;
  }

  async run(): Promise<Verification> {
    const [range] = await this.#db.select({ first: min(decisions.seq), last: max(decisions.seq) }).from(decisions);
    this.#lastSeq = range?.last ?? 0;
    this.#readUpTo = (range?.first ?? 1) - 1;
    let [count, sealed, expired] = [0, 0, 0];
    let last: Link | undefined;
    for (let seal = await this.#sealAfter(0); seal; seal = await this.#sealAfter(seal.number)) {
      const content = this.#contentOf(seal);
      const isSound = content !== undefined && this.#isSound(seal, content);
      if (!isSound) this.#find("seal changed", `Seal ${seal.number} was changed: its hash, number or time is another.`);
      this.#link(seal, isSound ? content : undefined, last);
      last = { ...seal, isSound };
      count += 1;
      // Also of a seal that was changed: what it still says about most of its records is worth knowing.
      if (content) await this.#compare(content);
      expired = content?.expired ?? expired;
      sealed += content?.records.length ?? 0;
    }
    await this.#checkEnds(last, expired);
    const unsealed = await this.#checkRest();
    this.#onProgress(1);
    return {
      findings: this.#findings,
      found: this.#found,
      seals: count,
      sealed,
      unsealed,
      head: last && { number: last.number, hash: last.hash },
      isAnchorExpired: this.#anchor !== undefined && this.#anchor.number <= expired,
    };
  }

  async #sealAfter(number: number): Promise<StoredSeal | undefined> {
    const [seal] = await this.#db
      .select()
      .from(seals)
      .where(gt(seals.number, number))
      .orderBy(asc(seals.number))
      .limit(1);
    return seal;
  }

  #find(what: Finding["what"], detail: string): void {
    this.#found += 1;
    if (this.#findings.length < MOST_FINDINGS) this.#findings.push({ what, detail });
  }

  /** What a seal says, if it can be read. */
  #contentOf({ content }: StoredSeal): SealContent | undefined {
    return sealContent.safeParse(parse(content)).data;
  }

  #isSound({ number, sealedAt, content, hash }: StoredSeal, said: SealContent): boolean {
    return said.number === number && said.sealedAt === sealedAt.toISOString() && hashOf(content) === hash;
  }

  /** Each seal names the one before; and one of them may have been noted. */
  #link({ number, hash }: StoredSeal, content: SealContent | undefined, last: Link | undefined): void {
    if (this.#anchor?.number === number && this.#anchor.hash !== hash) {
      this.#find("seal changed", `Seal ${number} is not the one that was noted.`);
    }
    if (last && number > last.number + 1) {
      this.#find("seal removed", `${sealsFrom(last.number + 1, number - 1)} removed.`);
    } else if (content && last?.isSound && content.previous !== last.hash) {
      this.#find("seal changed", `Seal ${number} does not follow from seal ${last.number}: one of them was changed.`);
    } else if (content && number === 1 && content.previous !== GENESIS) {
      this.#find("seal changed", "Seal 1 is not the first of its chain.");
    }
  }

  /** What a seal says of its records, against what is there. */
  async #compare({ number, records }: SealContent): Promise<void> {
    await this.#readTo(records.at(-1)?.[0] ?? 0);
    for (const [seq, id, digest] of records) {
      const row = this.#rows.get(seq);
      this.#rows.delete(seq);
      if (row?.digest === digest && row.isSound) continue;
      const name = `Record ${id} (place ${seq}, seal ${number})`;
      if (row?.id === id) {
        const columns = row.digest === digest ? ": its columns do not say what it says" : "";
        this.#find("changed", `${name} was changed${columns}.`);
        continue;
      }
      const instead = row ? `; record ${row.id} stands there instead` : "";
      if (row?.columnId === id) this.#find("changed", `${name} was changed: it says that it is record ${row.id}.`);
      else this.#find("removed", `${name} was removed${instead}.`);
      if (this.#found > MOST_FINDINGS) continue;
      if (row) this.#strangers.set(row.id, seq);
      this.#lookFor(id, (place) => ({ what: "reordered", detail: `${name} was moved to place ${place}${instead}.` }));
    }
  }

  /** Should the record of the last finding turn up elsewhere, earlier or later, then that is what is told. */
  #lookFor(id: string, tell: (place: number) => Finding): void {
    const last = this.#findings.length - 1;
    const found = (place: number) => {
      this.#findings[last] = tell(place);
    };
    const place = this.#strangers.get(id) ?? [...this.#rows.values()].find((row) => row.id === id)?.seq;
    if (place === undefined) this.#missing.set(id, found);
    else found(place);
  }

  /** The end of the chain, and its beginning: older seals may have been deleted, but not without the last one saying so. */
  async #checkEnds(last: Link | undefined, expired: number): Promise<void> {
    const [head] = await this.#db.select().from(sealHead);
    const number = last?.number ?? 0;
    if (head && head.number > number) this.#find("seal removed", `${sealsFrom(number + 1, head.number)} removed.`);
    else if (last && (head?.number !== number || head.hash !== last.hash)) {
      this.#find("seal changed", `Seal ${number} is the last, but not the one that is noted as such in the database.`);
    }
    const anchor = this.#anchor?.number ?? 0;
    if (anchor > number) this.#find("seal removed", `Seal ${anchor}, which was noted, is not there.`);
    const [first] = await this.#db.select({ number: min(seals.number) }).from(seals);
    if (first?.number && first.number > expired + 1) {
      const removed = sealsFrom(expired + 1, first.number - 1);
      this.#find("seal removed", `${removed} removed, and no seal says that it was for age.`);
    }
  }

  /** What no seal has named must be waiting for one. Returns how many are. */
  async #checkRest(): Promise<number> {
    let waiting = await this.#dismissWaiting();
    while (!this.#isReadToEnd) {
      await this.#readChunk();
      waiting += await this.#dismissWaiting();
    }
    const { seq } = unsealedDecisions;
    const gone = await this.#db
      .select({ seq })
      .from(unsealedDecisions)
      .leftJoin(decisions, eq(decisions.seq, seq))
      .where(isNull(decisions.seq))
      .orderBy(asc(seq));
    for (const { seq } of gone) this.#find("removed", `The record at place ${seq} was removed before it was sealed.`);
    return waiting;
  }

  async #dismissWaiting(): Promise<number> {
    const seqs = [...this.#rows.keys()];
    const waiting = await this.#db
      .select({ seq: unsealedDecisions.seq })
      .from(unsealedDecisions)
      .where(sql`${unsealedDecisions.seq} = any(${sql.param(seqs)}::bigint[])`);
    for (const { seq } of waiting) this.#rows.delete(seq);
    for (const { seq, id } of this.#rows.values()) {
      const place = `Record ${id} (place ${seq})`;
      this.#find("inserted", `${place} is under no seal: it was inserted, or its seal was removed or changed.`);
    }
    this.#rows.clear();
    return waiting.length;
  }

  async #readTo(seq: number): Promise<void> {
    while (this.#readUpTo < seq && !this.#isReadToEnd) await this.#readChunk();
  }

  async #readChunk(): Promise<void> {
    const rows = await this.#db
      .select()
      .from(decisions)
      .where(gt(decisions.seq, this.#readUpTo))
      .orderBy(asc(decisions.seq))
      .limit(CHUNK);
    for (const { seq, record, ...columns } of rows) {
      const id = idIn(record) ?? columns.id;
      this.#rows.set(seq, {
        seq,
        id,
        columnId: columns.id,
        digest: digestOf(record),
        isSound: isSound(record, columns),
      });
      this.#missing.get(id)?.(seq);
    }
    this.#readUpTo = rows.at(-1)?.seq ?? this.#readUpTo;
    this.#isReadToEnd = rows.length < CHUNK;
    this.#onProgress(this.#lastSeq ? this.#readUpTo / this.#lastSeq : 1);
  }
}

function sealsFrom(first: number, last: number): string {
  return first === last ? `Seal ${first} was` : `Seals ${first} to ${last} were`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The id that a record gives itself. */
function idIn(record: string): string | undefined {
  const said = parse(record);
  const id = typeof said === "object" && said !== null && "id" in said ? said.id : undefined;
  return typeof id === "string" ? id : undefined;
}

/** Whether the columns of a row repeat what its record says. */
function isSound(record: string, columns: object): boolean {
  try {
    return isDeepStrictEqual(columns, columnsOf(JSON.parse(record) as DecisionRecord));
  } catch {
    return false;
  }
}
