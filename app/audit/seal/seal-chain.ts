import { asc, desc, gt } from "drizzle-orm";
import type { Db } from "../../db/database.js";
import { sealHead, seals } from "../../db/schema.js";
import { parseObject } from "../record/parse.js";
import { type DatedSeal, type Expiry, isExpired } from "./expiry.js";
import type { Findings } from "./findings.js";
import type { DatedReference, NotedSeal } from "./noted-head.js";
import { expiredBefore, GENESIS_HASH, hashOf, type Seal, type SealContent, sealContent } from "./seal.js";

/** The previous seal, and its content; `undefined` when it was changed, so that it proves nothing. */
interface PreviousSeal extends Seal {
  readonly sound: SealContent | undefined;
}

/** Walks the chain of seals, and checks that each follows from the one before it, and that neither end is missing. */
export class SealChain {
  readonly #db: Db;
  readonly #anchor: NotedSeal | undefined;
  readonly #findings: Findings;
  #first: DatedSeal | undefined;
  #witness: DatedSeal | undefined;
  #last: PreviousSeal | undefined;
  #length = 0;
  #expired = 0;

  /** @param anchor - a seal that was noted outside the database */
  constructor(db: Db, anchor: NotedSeal | undefined, findings: Findings) {
    this.#db = db;
    this.#anchor = anchor;
    this.#findings = findings;
  }

  /** How many seals there are whose records are kept. Known when {@link contents} has come to its end, like the others. */
  get length(): number {
    return this.#length;
  }

  /** The last seal; `undefined` when there is none. */
  get head(): DatedReference | undefined {
    return this.#last && { number: this.#last.number, hash: this.#last.hash, sealedAt: this.#last.sealedAt };
  }

  /** What the chain says about the seals that are not there any more. */
  get expiry(): Expiry {
    return { expired: this.#expired, first: this.#first, witness: this.#witness };
  }

  /** Whether retention has deleted the seal that was noted, so that it cannot be compared. */
  get isAnchorExpired(): boolean {
    return this.#anchor !== undefined && isExpired(this.#anchor, this.expiry);
  }

  /**
   * Checks every seal in turn.
   *
   * @returns its content. A seal whose content cannot be parsed is left out; one that was changed is not: what it still
   *   says about most of its records is worth knowing. The seal that is kept as a witness of the expired ones is left out
   *   too, since it has no records any more
   */
  async *contents(): AsyncGenerator<SealContent> {
    this.#expired = await this.#expiredByLastSeal();
    for (let seal = await this.#sealAfter(0); seal; seal = await this.#sealAfter(seal.number)) {
      const content = sealContent.safeParse(parseObject(seal.content)).data;
      const sound = content && isAsHashed(seal, content) ? content : undefined;
      if (!sound) {
        this.#findings.add("seal changed", `Seal ${seal.number} was changed: its hash, number or time is another.`);
      }
      this.#checkLink(seal, sound);
      this.#last = { ...seal, sound };
      this.#first ??= seal;
      if (seal.number >= this.#expired) this.#witness ??= seal;
      if (seal.number === this.#expired) continue;
      this.#length += 1;
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
    if (this.#first && this.#first.number > this.#expired + 1) {
      const removed = sealsFrom(this.#expired + 1, this.#first.number - 1);
      this.#findings.add("seal removed", `${removed} removed, and no seal says that it was for age.`);
    }
  }

  /** Number of the last seal that has expired, as the last seal says. When that cannot be read, it says 0. */
  async #expiredByLastSeal(): Promise<number> {
    const [last] = await this.#db.select().from(seals).orderBy(desc(seals.number)).limit(1);
    return (last && expiredBefore(last)) ?? 0;
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
    const changed = (detail: string) => void this.#findings.add("seal changed", detail);
    if (this.#anchor?.number === number && this.#anchor.hash !== hash) {
      changed(`Seal ${number} is not the one that was noted.`);
    }
    if (last && number > last.number + 1) {
      this.#findings.add("seal removed", `${sealsFrom(last.number + 1, number - 1)} removed.`);
    } else if (content && last?.sound && content.previous !== last.hash) {
      changed(`Seal ${number} does not follow from seal ${last.number}: one of them was changed.`);
    } else if (content && number === 1 && content.previous !== GENESIS_HASH) {
      changed("Seal 1 is not the first of its chain.");
    }
    if (!content) return;
    if (content.expired >= number) changed(`Seal ${number} says that it has expired itself.`);
    if (!last?.sound) return;
    if (content.sealedAt < last.sound.sealedAt)
      changed(`Seal ${number} says that it is older than seal ${last.number}.`);
    if (content.expired < last.sound.expired) {
      changed(`Seal ${number} says that fewer seals have expired than seal ${last.number} says.`);
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
