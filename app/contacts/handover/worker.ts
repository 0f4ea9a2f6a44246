import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { type Authorizer, authorization, type DecisionSink, type Pdp } from "../../../middleware/index.js";
import type { JobDecisions } from "../../audit/write/job-decisions.js";
import type { Person } from "../../auth/claims.js";
import type { CurrentPerson } from "../../auth/current-person.js";
import type { Revocations } from "../../auth/revocation/revocations.js";
import type { Db } from "../../db/database.js";
import { lockingTransaction } from "../../db/locking-transaction.js";
import { type PersonNow, peopleNow } from "../../directory/people-now.js";
import { principalOfPerson } from "../../directory/principal.js";
import { delayAfter } from "../../directory/sync/failures.js";
import { Alarm } from "../../directory/sync/stopping.js";
import { runBatch } from "./batch.js";
import { deleteOldHandovers } from "./expiry.js";
import {
  endHandover,
  holdLease,
  LeaseLostError,
  releaseLeases,
  type StopReason,
  takeHandover,
  type WorkingHandover,
} from "./lease.js";

/** For how long a process works on a handover unless it says so again. In ms, as all that follows. */
const LEASE_MS = 6_000;
/** How often it is looked whether there is a handover to work on. */
const LOOK_MS = 1_000;
/** How often it is looked whether handovers have ended so long ago that they are deleted. */
const EXPIRY_MS = 60 * 60_000;
/** How long to wait, at most, before what has failed is tried again. */
const MAX_DELAY_MS = 5_000;
/** After a batch the process rests for so many times as long as it took: most requests of users come while it rests. */
const REST_FACTOR = 1.5;

/** What a {@link HandoverWorker} works with. */
export interface HandoverWorkerOptions {
  readonly db: Db;
  readonly pdp: Pdp;
  /** Takes the decisions of a person's job. */
  readonly jobDecisions: (person: Pick<Person, "directoryVersion">) => JobDecisions;
  /** Says who a person is now. */
  readonly current: CurrentPerson;
  /** Says whether what a person asked for at a time is void. */
  readonly revocations: Pick<Revocations, "isVoid">;
  readonly logger: Logger;
}

/**
 * Does what handovers need: one process of all with the same database works on each, batch by batch. When that process is
 * killed, another one goes on within ten seconds. While the PDP, the database or the directory do not answer, it waits.
 */
export class HandoverWorker {
  readonly #options: HandoverWorkerOptions;
  readonly #process = randomUUID();
  readonly #stopped = new AbortController();
  readonly #personNow: PersonNow;
  readonly #authorizer: Authorizer;
  /** Takes the decisions of the batch that is under way. */
  #sink: DecisionSink = { record: () => Promise.reject(new Error("a decision without a batch")) };
  #run: Promise<void> | undefined;

  constructor(options: HandoverWorkerOptions) {
    this.#options = options;
    this.#personNow = peopleNow(options.db, options.current);
    this.#authorizer = authorization({
      pdp: options.pdp,
      principal: () => null,
      decisions: { sinks: [{ record: (event, context) => this.#sink.record(event, context) }] },
    });
  }

  start(): void {
    this.#run ??= this.#work(this.#stopped.signal);
  }

  /** Ends the batch that is under way, and lets another process go on. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#run;
  }

  async #work(signal: AbortSignal): Promise<void> {
    const { db, logger } = this.#options;
    const alarm = new Alarm();
    let failures = 0;
    let nextExpiry = 0;
    while (!signal.aborted) {
      const began = performance.now();
      let restMs = LOOK_MS;
      try {
        if (began >= nextExpiry) {
          await deleteOldHandovers(db);
          nextExpiry = began + EXPIRY_MS;
        }
        const handover = await takeHandover(db, this.#process, LEASE_MS);
        if (handover) {
          await this.#goOn(handover);
          restMs = (performance.now() - began) * REST_FACTOR;
        }
        failures = 0;
      } catch (err) {
        if (!(err instanceof LeaseLostError)) failures++;
        if (failures === 1) logger.warn({ err }, "a handover cannot go on now, and is tried again");
        restMs = delayAfter(Math.max(failures, 1), MAX_DELAY_MS);
      }
      await alarm.rest(restMs, signal);
    }
    await releaseLeases(db, this.#process).catch((err: unknown) =>
      logger.warn({ err }, "the lease of a handover runs out by itself"),
    );
  }

  /** Does one batch, or stops the handover when the actor or the recipient are not any more what it takes. */
  async #goOn(handover: WorkingHandover): Promise<void> {
    const { db, jobDecisions } = this.#options;
    const lease = { process: this.#process, lifetimeMs: LEASE_MS };
    const actor = await this.#actorOf(handover);
    if (typeof actor === "string") return this.#stop(handover, actor);
    const recipient = handover.state === "running" ? await this.#personNow(handover.toId) : null;
    const isGivenToNobody = handover.state === "running" && !recipient?.roles.length;
    if (isGivenToNobody) return this.#stop(handover, "recipient");
    const decisions = jobDecisions(actor);
    this.#sink = decisions;
    const authz = this.#authorizer.for(principalOfPerson(actor));
    await runBatch({ db, handover, lease, actor, recipient, authz, decisions });
  }

  /** Who is answerable for a handover, as they are now; or why they cannot be any more. */
  async #actorOf({ actorId, askedAt }: WorkingHandover): Promise<Person | StopReason> {
    if (await this.#options.revocations.isVoid(actorId, askedAt)) return "revoked";
    const actor = await this.#personNow(actorId);
    if (!actor) return "not_active";
    return actor.roles.length === 0 ? "no_role" : actor;
  }

  async #stop(handover: WorkingHandover, reason: StopReason): Promise<void> {
    await lockingTransaction(this.#options.db, async (tx) => {
      await holdLease(tx, handover, this.#process, LEASE_MS);
      await endHandover(tx, handover, reason);
    });
  }
}
