import type { SQLWrapper } from "drizzle-orm";
import type { Request } from "express";
import type { DecisionEvent, EnforcedEvent } from "../../../middleware/index.js";
import type { Db } from "../../db/database.js";
import { lockingTransaction } from "../../db/locking-transaction.js";
import { unavailable } from "../../problems.js";
import type { Change } from "../record/record.js";
import { type DecisionRow, rowOf } from "../record/row.js";
import { addRecords, type Columns, changeWithRecord, type RowOf } from "./insert.js";

/** A statement that changes one row of a table, and returns columns of it. */
export type ChangeStatement<Shown extends Columns> = SQLWrapper & PromiseLike<RowOf<Shown>[]>;

/** A change that a decision has allowed, and that has not been made yet. The decision's record waits for it. */
export interface PendingChange {
  /**
   * Makes the change, and writes the decision's record in the same statement.
   *
   * @param change - what the record says was changed
   * @param shown - the columns that the statement returns
   * @param statement - makes the change; it is not run by itself
   * @returns the row that the statement returns; `undefined` when it changed nothing. The decision is recorded without a
   *   change then
   * @throws ProblemError 503 when the request has ended before this call: nothing is changed then
   * @throws what the database throws; whether the change was made is not known then
   */
  commit<Shown extends Columns>(
    change: Change,
    shown: Shown,
    statement: ChangeStatement<Shown>,
  ): Promise<RowOf<Shown> | undefined>;
  /**
   * Makes a change that takes more than one statement, and writes the decision's record in the same transaction.
   *
   * @param work - makes the change in the transaction, and says what was changed; `undefined`: it has changed nothing. The
   * decision is recorded without a change then
   * @returns what `work` says
   * @throws as {@link commit} does, and what `work` throws: nothing is changed then
   */
  commitTransaction(work: (tx: Db) => Promise<Change | undefined>): Promise<Change | undefined>;
}

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * The pending changes of all requests. A decision whose change is not made, because the input is invalid, say, or
 * another client was faster, is recorded without a change when its request ends.
 */
export class PendingChanges {
  readonly #db: Db;
  readonly #byRequest = new WeakMap<Request, AllowedChange>();
  readonly #commits = new Set<Promise<unknown>>();
  readonly #recordUnchanged: (row: DecisionRow) => void;

  /** @param recordUnchanged - takes the rows of decisions whose change was not made */
  constructor(db: Db, recordUnchanged: (row: DecisionRow) => void) {
    this.#db = db;
    this.#recordUnchanged = recordUnchanged;
  }

  /** Whether a decision is a guard's that allows a change. */
  allowsChange(event: DecisionEvent, req: Request): event is EnforcedEvent {
    return event.source === "guard" && event.effect === "allow" && !SAFE_METHODS.has(req.method);
  }

  /**
   * Keeps the decision's record back until its change is committed or its request has ended. An earlier pending change
   * of the same request ends here.
   *
   * @returns `false` when the client has already disconnected: nothing will be changed, so the record need not wait
   */
  add(event: EnforcedEvent, req: Request): boolean {
    this.#byRequest.get(req)?.end();
    const change = new AllowedChange(event, this.#db, this.#recordUnchanged, this.#commits);
    this.#byRequest.set(req, change);
    if (!req.res || req.res.closed) {
      change.cancel();
      return false;
    }
    // A commit that has not begun by then is refused.
    req.res.once("close", () => change.end());
    return true;
  }

  /** Resolves when no commit is in progress any more. A commit goes on when its client disconnects. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#commits);
  }

  /**
   * The change that the request's guard has allowed.
   *
   * @throws Error when no guard has allowed one: nothing may be changed then
   */
  of(req: Request): PendingChange {
    const change = this.#byRequest.get(req);
    if (!change) throw new Error("a change without a decision that allows it");
    return change;
  }
}

class AllowedChange implements PendingChange {
  readonly #event: EnforcedEvent;
  readonly #db: Db;
  readonly #recordUnchanged: (row: DecisionRow) => void;
  readonly #commits: Set<Promise<unknown>>;
  #state: "pending" | "committing" | "ended" = "pending";

  constructor(
    event: EnforcedEvent,
    db: Db,
    recordUnchanged: (row: DecisionRow) => void,
    commits: Set<Promise<unknown>>,
  ) {
    this.#event = event;
    this.#db = db;
    this.#recordUnchanged = recordUnchanged;
    this.#commits = commits;
  }

  commit<Shown extends Columns>(change: Change, shown: Shown, statement: ChangeStatement<Shown>) {
    return this.#begin(() => changeWithRecord(this.#db, shown, statement, this.#row(change)));
  }

  commitTransaction(work: (tx: Db) => Promise<Change | undefined>) {
    return this.#begin(() =>
      lockingTransaction(this.#db, async (tx) => {
        const change = await work(tx);
        const added = change ? await addRecords(tx, [this.#row(change)]) : 1;
        if (added !== 1) throw new Error("the log has a record with the id of this decision already");
        return change;
      }),
    );
  }

  #row(change: Change): DecisionRow {
    return rowOf({ ...this.#event, change, explanation: null });
  }

  async #begin<T>(makeChange: () => Promise<T | undefined>): Promise<T | undefined> {
    if (this.#state !== "pending") throw unavailable("Interrupted", "The request ended before the change began.");
    this.#state = "committing";
    const commit = this.#commit(makeChange);
    this.#commits.add(commit);
    try {
      return await commit;
    } finally {
      this.#commits.delete(commit);
    }
  }

  async #commit<T>(makeChange: () => Promise<T | undefined>): Promise<T | undefined> {
    let changed: T | undefined;
    try {
      changed = await makeChange();
    } finally {
      this.#state = "pending";
      // After a failure the row may have been inserted all the same: then the log keeps it, as the first with this id.
      if (changed === undefined) this.end();
      else this.cancel();
    }
    return changed;
  }

  /** Ends the change without recording the decision here: its record is written elsewhere. */
  cancel(): void {
    this.#state = "ended";
  }

  /** Ends the change, unless it is being committed or has ended, and records the decision without a change. */
  end(): void {
    if (this.#state !== "pending") return;
    this.cancel();
    this.#recordUnchanged(rowOf({ ...this.#event, change: null, explanation: null }));
  }
}
