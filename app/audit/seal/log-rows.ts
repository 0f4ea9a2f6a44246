import { isDeepStrictEqual } from "node:util";
import { asc, gt, max, min } from "drizzle-orm";
import type { Db } from "../../db/database.js";
import { decisions } from "../../db/schema.js";
import { digestOf } from "../record/digest.js";
import { parseObject } from "../record/parse.js";
import type { DecisionRecord } from "../record/record.js";
import { columnsOf } from "../record/row.js";

const MAX_ROWS_PER_QUERY = 2_000;

/** What a verification needs to know of a row. */
export interface LogRow {
  readonly seq: number;
  /** The id in the record; when it has none, the id in the column. */
  readonly id: string;
  /** The id in the column. */
  readonly columnId: string;
  readonly digest: string;
  /** Whether the columns repeat what the record says. */
  readonly isConsistent: boolean;
}

/** What is called while rows are read. */
export interface ReadListener {
  readonly onRow: (row: LogRow) => void;
  /** @param share - how much of the log has been read, 0 to 1 */
  readonly onProgress: (share: number) => void;
}

/** Reads the rows of the log in their order, and keeps those that have not been taken out. */
export class LogRows {
  readonly #db: Db;
  readonly #listener: ReadListener;
  readonly #rows = new Map<number, LogRow>();
  readonly #lastSeq: number;
  #readUpTo: number;
  #isAtEnd = false;

  static async open(db: Db, listener: ReadListener): Promise<LogRows> {
    const [range] = await db.select({ first: min(decisions.seq), last: max(decisions.seq) }).from(decisions);
    return new LogRows(db, listener, range?.first ?? 1, range?.last ?? 0);
  }

  private constructor(db: Db, listener: ReadListener, firstSeq: number, lastSeq: number) {
    this.#db = db;
    this.#listener = listener;
    this.#readUpTo = firstSeq - 1;
    this.#lastSeq = lastSeq;
  }

  /** Whether every row has been read. */
  get isAtEnd(): boolean {
    return this.#isAtEnd;
  }

  /** The rows that have been read and not been taken out. */
  get remaining(): readonly LogRow[] {
    return [...this.#rows.values()];
  }

  /** Reads on until the row with a sequence number has been read. */
  async readTo(seq: number): Promise<void> {
    while (this.#readUpTo < seq && !this.#isAtEnd) await this.readMore();
  }

  /** Reads up to 2,000 rows. */
  async readMore(): Promise<void> {
    const rows = await this.#db
      .select()
      .from(decisions)
      .where(gt(decisions.seq, this.#readUpTo))
      .orderBy(asc(decisions.seq))
      .limit(MAX_ROWS_PER_QUERY);
    // `source` and `outcome` are what the database makes of the record.
    for (const { seq, record, source: _source, outcome: _outcome, ...columns } of rows) {
      const row: LogRow = {
        seq,
        id: idIn(record) ?? columns.id,
        columnId: columns.id,
        digest: digestOf(record),
        isConsistent: isConsistent(record, columns),
      };
      this.#rows.set(seq, row);
      this.#listener.onRow(row);
    }
    this.#readUpTo = rows.at(-1)?.seq ?? this.#readUpTo;
    this.#isAtEnd = rows.length < MAX_ROWS_PER_QUERY;
    this.#listener.onProgress(this.#lastSeq ? this.#readUpTo / this.#lastSeq : 1);
  }

  /** Takes out the row with a sequence number; `undefined` when there is none. */
  take(seq: number): LogRow | undefined {
    const row = this.#rows.get(seq);
    this.#rows.delete(seq);
    return row;
  }

  /** Drops all rows that have been read. */
  clear(): void {
    this.#rows.clear();
  }
}

function idIn(record: string): string | undefined {
  const object = parseObject(record);
  return object && "id" in object && typeof object.id === "string" ? object.id : undefined;
}

function isConsistent(record: string, columns: object): boolean {
  try {
    return isDeepStrictEqual(columns, columnsOf(JSON.parse(record) as DecisionRecord));
  } catch {
    return false;
  }
}
