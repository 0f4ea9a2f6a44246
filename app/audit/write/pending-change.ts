import type { Request } from "express";
import type { DecisionEvent } from "../../../middleware/index.js";
import { unavailable } from "../../problems.js";
import type { Change } from "../record/record.js";
import { type DecisionRow, rowOf } from "../record/row.js";

/** The decision that allowed a change, held back until it is known whether the change is made. */
export interface HeldDecision {
  /**
   * Makes the change, and writes the decision down in the same transaction.
   *
   * @param change - what will have been changed
   * @param make - writes both; resolves with `undefined` when nothing was changed, and so nothing written
   * @throws ProblemError 503 when the request has ended meanwhile: nothing is changed then
   */
  carryOut<T>(change: Change, make: (row: DecisionRow) => Promise<T | undefined>): Promise<T | undefined>;
}

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Holds back decisions that allow changes. One that no change comes of, as its input does not hold or somebody else
 * was faster, is let go at the end of its request.
 */
export class HeldDecisions {
  readonly #held = new WeakMap<Request, Held>();
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #letGo: (row: DecisionRow) => void;

  /** @param letGo - takes the decisions that changed nothing */
  constructor(letGo: (row: DecisionRow) => void) {
    this.#letGo = letGo;
  }

  /** Whether a decision is one that allows a change. */
  isOfChange({ source, effect }: DecisionEvent, req: Request): boolean {
    return source === "authorize" && effect === "allow" && !SAFE_METHODS.has(req.method);
  }

  /**
   * Holds a decision back; one that the same request held before is let go.
   *
   * @returns `false` when the client has gone already: nothing will be changed, so there is nothing to wait for
   */
  hold(event: DecisionEvent, req: Request): boolean {
    this.#held.get(req)?.end();
    const held = new Held(event, this.#letGo, this.#underWay);
    this.#held.set(req, held);
    if (!req.res || req.res.closed) {
      held.giveUp();
      return false;
    }
    // Whatever has not begun by then will not be carried out.
    req.res.once("close", () => held.end());
    return true;
  }

  /** Resolves when no change is under way any more. A client that has gone does not end what it began. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#underWay);
  }

  /**
   * The decision that allows the request's change.
   *
   * @throws Error when none was made: nothing may be changed then
   */
  of(req: Request): HeldDecision {
    const held = this.#held.get(req);
    if (!held) throw new Error("a change without a decision that allows it");
    return held;
  }
}

class Held implements HeldDecision {
  readonly #event: DecisionEvent;
  readonly #letGo: (row: DecisionRow) => void;
  readonly #underWay: Set<Promise<unknown>>;
  #state: "held" | "under way" | "over" = "held";

  constructor(event: DecisionEvent, letGo: (row: DecisionRow) => void, underWay: Set<Promise<unknown>>) {
    this.#event = event;
    this.#letGo = letGo;
    this.#underWay = underWay;
  }

  async carryOut<T>(change: Change, make: (row: DecisionRow) => Promise<T | undefined>): Promise<T | undefined> {
    if (this.#state !== "held") throw unavailable("Interrupted", "The request ended before the change began.");
    this.#state = "under way";
    const making = this.#make(change, make);
    this.#underWay.add(making);
    try {
      return await making;
    } finally {
      this.#underWay.delete(making);
    }
  }

  async #make<T>(change: Change, make: (row: DecisionRow) => Promise<T | undefined>): Promise<T | undefined> {
    let made: T | undefined;
    try {
      made = await make(rowOf({ ...this.#event, change, explanation: null }));
    } finally {
      this.#state = "held";
      // When it failed nobody knows whether it was written after all: the log keeps the first with the id.
      if (made === undefined) this.end();
      else this.#state = "over";
    }
    return made;
  }

  /** No change will be made. */
  giveUp(): void {
    this.#state = "over";
  }

  /** Lets go of it, unless its change is under way or made. */
  end(): void {
    if (this.#state !== "held") return;
    this.giveUp();
    this.#letGo(rowOf({ ...this.#event, change: null, explanation: null }));
  }
}
