import { asc, eq, isNull, sql } from "drizzle-orm";
import type { Db } from "../../db/database.js";
import { decisions, unsealedDecisions } from "../../db/schema.js";
import type { Findings } from "./findings.js";
import { LogRows } from "./log-rows.js";
import type { SealContent } from "./seal.js";

/** Compares the records that are in the log with what the seals say about them. */
export class SealedRecords {
  readonly #db: Db;
  readonly #findings: Findings;
  readonly #rows: LogRows;
  /** What to do when a record that is not at its place is found at another, by its id. */
  readonly #missing: Map<string, (seq: number) => void>;
  /** Sequence numbers of records that stand at another record's place, by their ids. */
  readonly #misplaced = new Map<string, number>();

  /** @param onProgress - is called with the share of the log that has been read, 0 to 1 */
  static async open(db: Db, findings: Findings, onProgress: (share: number) => void): Promise<SealedRecords> {
    const missing = new Map<string, (seq: number) => void>();
    const rows = await LogRows.open(db, { onRow: ({ id, seq }) => missing.get(id)?.(seq), onProgress });
    return new SealedRecords(db, findings, rows, missing);
  }

  private constructor(db: Db, findings: Findings, rows: LogRows, missing: Map<string, (seq: number) => void>) {
    this.#db = db;
    this.#findings = findings;
    this.#rows = rows;
    this.#missing = missing;
  }

  /** Compares the records of one seal. Seals come in their order. */
  async compare({ number, records }: SealContent): Promise<void> {
    await this.#rows.readTo(records.at(-1)?.[0] ?? 0);
    for (const [seq, id, digest] of records) {
      const row = this.#rows.take(seq);
      if (row?.digest === digest && row.isConsistent) continue;
      const name = `Record ${id} (place ${seq}, seal ${number})`;
      if (row?.id === id) {
        const columns = row.digest === digest ? ": its columns do not say what it says" : "";
        this.#findings.add("changed", `${name} was changed${columns}.`);
        continue;
      }
      const instead = row ? `; record ${row.id} stands there instead` : "";
      const amend =
        row?.columnId === id
          ? this.#findings.add("changed", `${name} was changed: it says that it is record ${row.id}.`)
          : this.#findings.add("removed", `${name} was removed${instead}.`);
      // Findings that are only counted are not amended.
      if (!amend) continue;
      if (row) this.#misplaced.set(row.id, seq);
      this.#search(id, (place) =>
        amend({ what: "reordered", detail: `${name} was moved to place ${place}${instead}.` }),
      );
    }
  }

  /** Calls back when a record is found at another place, whether that has been read already or not. */
  #search(id: string, found: (seq: number) => void): void {
    const seq = this.#misplaced.get(id) ?? this.#rows.remaining.find((row) => row.id === id)?.seq;
    if (seq === undefined) this.#missing.set(id, found);
    else found(seq);
  }

  /**
   * Checks the records that are under no seal: each must be in the queue for the next one, and nothing else may be in
   * it. To be called after all seals have been compared.
   *
   * @returns how many records wait for a seal
   */
  async checkUnsealed(): Promise<number> {
    let queued = await this.#checkRemaining();
    while (!this.#rows.isAtEnd) {
      await this.#rows.readMore();
      queued += await this.#checkRemaining();
    }
    await this.#checkQueue();
    return queued;
  }

  async #checkRemaining(): Promise<number> {
    const seqs = this.#rows.remaining.map(({ seq }) => seq);
    const queued = await this.#db
      .select({ seq: unsealedDecisions.seq })
      .from(unsealedDecisions)
      .where(sql`${unsealedDecisions.seq} = any(${sql.param(seqs)}::bigint[])`);
    for (const { seq } of queued) this.#rows.take(seq);
    for (const { seq, id } of this.#rows.remaining) {
      const name = `Record ${id} (place ${seq})`;
      this.#findings.add("inserted", `${name} is under no seal: it was inserted, or its seal was removed or changed.`);
    }
    this.#rows.clear();
    return queued.length;
  }

  async #checkQueue(): Promise<void> {
    const { seq } = unsealedDecisions;
    const removed = await this.#db
      .select({ seq })
      .from(unsealedDecisions)
      .leftJoin(decisions, eq(decisions.seq, seq))
      .where(isNull(decisions.seq))
      .orderBy(asc(seq));
    for (const { seq } of removed) {
      this.#findings.add("removed", `The record at place ${seq} was removed before it was sealed.`);
    }
  }
}
