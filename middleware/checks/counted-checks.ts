import { assertKindedResource } from "../assertions.js";
import { CheckTally } from "../decisions/check-tally.js";
import type { Enforcement } from "../enforcement.js";
import { DecisionNotRecordedError } from "../errors.js";
import type { Action, AnyResource, AskedKindedResource } from "../typed/policies.js";
import type { Check } from "../types.js";

/**
 * Checks of which there may be very many, on record as one event with counts: see `req.authz.countedChecks()`. Every
 * check is in that event, or is refused: none is answered after the event was made.
 */
export class CountedChecks {
  readonly #enforcement: Enforcement;
  readonly #tally = new CheckTally();
  readonly #calls = new Set<Promise<unknown>>();
  #end: Promise<void> | undefined;

  constructor(enforcement: Enforcement) {
    this.#enforcement = enforcement;
    const res = enforcement.req?.res;
    // Who calls end() learns whether the event was recorded. When the response is closed, nobody waits for that.
    const endUnheard = () => void this.end().catch(() => {});
    if (res?.closed) endUnheard();
    else res?.once("close", endUnheard);
  }

  /**
   * Whether the principal may do each of some actions with each of some resources. Each call of this asks the PDP; calls
   * may be made side by side.
   *
   * @returns for each resource, in their order, whether each action is allowed; `false`, without asking the PDP, when
   *   nobody is logged in or the principal has no role
   * @throws {@link PdpUnavailableError} or {@link PdpRejectedError} when there is no answer, and
   *   {@link DecisionNotRecordedError} after the end, or when the response is closed
   */
  async canEach<R extends AnyResource, A extends Action<R["kind"]>>(
    resources: readonly (R & NoInfer<AskedKindedResource<R, A>>)[],
    actions: readonly A[],
  ): Promise<Readonly<Record<A, boolean>>[]> {
    if (this.#end) {
      throw new DecisionNotRecordedError({ cause: new Error("The event of these checks has already been made.") });
    }
    const checks = resources.flatMap((resource: object) => {
      assertKindedResource(resource);
      return actions.map((action) => ({ kind: resource.kind, resource, action }));
    });
    const allowed = checks.length > 0 ? await this.#answers(checks) : [];
    return resources.map((_, n) => {
      const answers = actions.map((action, place) => [action, allowed[n * actions.length + place] === true] as const);
      return Object.fromEntries(answers) as Record<A, boolean>;
    });
  }

  /**
   * Records the checks as one event, when the calls under way have been answered. There is no event when there were no
   * checks. Calling it again changes nothing.
   *
   * The last part of what the checks were for should be sent when this has resolved: then nothing is ever complete
   * without its record.
   *
   * @throws {@link DecisionNotRecordedError} when the event cannot be recorded
   */
  end(): Promise<void> {
    this.#end ??= this.#record();
    return this.#end;
  }

  async #answers(checks: readonly Check[]): Promise<readonly boolean[]> {
    const { pdp, principalOrRefusal } = this.#enforcement;
    if (typeof principalOrRefusal === "string") return pdp.refuseCounted(checks, principalOrRefusal, this.#tally);
    const call = pdp.checkCounted(principalOrRefusal, checks, this.#tally);
    this.#calls.add(call);
    try {
      return await call;
    } finally {
      this.#calls.delete(call);
    }
  }

  async #record(): Promise<void> {
    await Promise.allSettled(this.#calls);
    await this.#enforcement.pdp.recordCounts(this.#tally);
  }
}
