import { asc, gt, min } from "drizzle-orm";
import type { Db } from "../../db/database.js";
import { sealHead, seals } from "../../db/schema.js";
import { parseObject } from "../record/parse.js";
import type { Findings } from "./findings.js";
import { GENESIS_HASH, hashOf, type Seal, type SealContent, type SealReference, sealContent } from "./seal.js";

/** The previous seal, and whether its hash is that of its content. */
interface PreviousSeal extends SealReference {
  readonly isSound: boolean;
}

/** Walks the chain of seals, and checks that each follows from the one before it, and that neither end is missing. */
export class SealChain {
  readonly #db: Db;
  readonly #anchor: SealReference | undefined;
  readonly #findings: Findings;
  #last: PreviousSeal | undefined;
  #length = 0;
  #expired = 0;

  /** @param anchor - a seal that was noted outside the database */
  constructor(db: Db, anchor: SealReference | undefined, findings: Findings) {
    this.#db = db;
    this.#anchor = anchor;
    this.#findings = findings;
  }

  /** How many seals there are. Known when {@link contents} has come to its end, like the members below. */
  get length(): number {
    return this.#length;
  }

  /** The last seal; `undefined` when there is none. */
  get head(): SealReference | undefined {
    return this.#last && { number: this.#last.number, hash: this.#last.hash };
  }

  /** Whether retention has deleted the seal that was noted, so that it cannot be compared. */
  get isAnchorExpired(): boolean {
    return this.#anchor !== undefined && this.#anchor.number <= this.#expired;
  }

  /**
   * Checks every seal in turn.
   *
   * @returns its content. A seal whose content cannot be parsed is left out; one that was changed is not: what it still
   *   says about most of its records is worth knowing
   */
  async *contents(): AsyncGenerator<SealContent> {
    for (let seal = await this.#sealAfter(0); seal; seal = await this.#sealAfter(seal.number)) {
      const content = sealContent.safeParse(parseObject(seal.content)).data;
      const isSound = content !== undefined && isAsHashed(seal, content);
      if (!isSound) {
        this.#findings.add("seal changed", `Seal ${seal.number} was changed: its hash, number or time is another.`);
      }
      this.#checkLink(seal, isSound ? content : undefined);
      this.#last = { ...seal, isSound };
      this.#length += 1;
      this.#expired = content?.expired ?? this.#expired;
      if (content) yield content;
    }
  }

  /** Checks that neither the last seals are missing, nor the first ones but for those that retention has deleted. */
  async checkEnds(): Promise<void> {
    const [head] = await this.#db.select().from(sealHead);
    const number = this.#last?.number ?? 0;
    if (head && head.number > number) {
      this.#findings.add("seal removed", `${sealsFrom(number + 1, head.number)} removed.`);
    } else if (this.#last && (head?.number !== number || head.hash !== this.#last.hash)) {
      const detail = `Seal ${number} is the last, but not the one that is noted as such in the database.`;
      this.#findings.add("seal changed", detail);
    }
    const anchor = this.#anchor?.number ?? 0;
    if (anchor > number) this.#findings.add("seal removed", `Seal ${anchor}, which was noted, is not there.`);
    const [first] = await this.#db.select({ number: min(seals.number) }).from(seals);
    if (first?.number && first.number > this.#expired + 1) {
      const removed = sealsFrom(this.#expired + 1, first.number - 1);
      this.#findings.add("seal removed", `${removed} removed, and no seal says that it was for age.`);
    }
  }

  async #sealAfter(number: number): Promise<Seal | undefined> {
    const [seal] = await this.#db
      .select()
      .from(seals)
      .where(gt(seals.number, number))
      .orderBy(asc(seals.number))
      .limit(1);
    return seal;
  }

  /** @param content - of the seal; `undefined` when it was changed, so that it proves nothing about the previous one */
  #checkLink({ number, hash }: Seal, content: SealContent | undefined): void {
    const last = this.#last;
    if (this.#anchor?.number === number && this.#anchor.hash !== hash) {
      this.#findings.add("seal changed", `Seal ${number} is not the one that was noted.`);
    }
    if (last && number > last.number + 1) {
      this.#findings.add("seal removed", `${sealsFrom(last.number + 1, number - 1)} removed.`);
    } else if (content && last?.isSound && content.previous !== last.hash) {
      const detail = `Seal ${number} does not follow from seal ${last.number}: one of them was changed.`;
      this.#findings.add("seal changed", detail);
    } else if (content && number === 1 && content.previous !== GENESIS_HASH) {
      this.#findings.add("seal changed", "Seal 1 is not the first of its chain.");
    }
  }
}

/** Whether the hash and the other columns of a seal are those of its content. */
function isAsHashed({ number, sealedAt, content, hash }: Seal, parsed: SealContent): boolean {
  return parsed.number === number && parsed.sealedAt === sealedAt.toISOString() && hashOf(content) === hash;
}

function sealsFrom(first: number, last: number): string {
  return first === last ? `Seal ${first} was` : `Seals ${first} to ${last} were`;
}
