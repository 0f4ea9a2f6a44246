import DataLoader from "dataloader";
import { assertKindedResource } from "../assertions.js";
import type { RecordedAnswer } from "../decisions/recorded-pdp.js";
import type { Check } from "../types.js";

/** Asks the PDP a batch of checks. @returns the answers, in the order of the checks */
type AskBatch = (checks: readonly Check[]) => Promise<readonly RecordedAnswer[]>;

/**
 * The checks of one principal. Checks of the same tick become one call to the PDP. An answer that is kept serves checks of
 * the same kind, id, action, policy choice and `attr` object.
 */
export class BatchedChecks {
  readonly #ask: AskBatch;
  readonly #keepsAnswers: boolean;
  /** Made for the first check, as most requests have none. */
  #loader: DataLoader<Check, RecordedAnswer, string> | undefined;
  /** The answers of guards, which the loader gets when it is made. */
  readonly #kept: (readonly [Check, RecordedAnswer])[] = [];

  /** @param keepsAnswers - whether answers are kept: those of a request are until it ends */
  constructor(ask: AskBatch, keepsAnswers: boolean) {
    this.#ask = ask;
    this.#keepsAnswers = keepsAnswers;
  }

  /**
   * Whether an action is allowed: by a kept answer, or the PDP's.
   *
   * @param resource - with its kind
   * @throws {@link AuthorizationSetupError} when it is no such resource, and what the PDP throws
   */
  async can(resource: object, action: string): Promise<boolean> {
    assertKindedResource(resource);
    return (await this.#loaderMade().load({ kind: resource.kind, resource, action })).allowed;
  }

  /** The same for several resources and actions. @returns for each resource, in their order, each action's answer */
  async canEach<A extends string>(
    resources: readonly object[],
    actions: readonly A[],
  ): Promise<Readonly<Record<A, boolean>>[]> {
    const ask = async (resource: object) =>
      Promise.all(actions.map(async (action) => [action, await this.can(resource, action)] as const));
    const answers = await Promise.all(resources.map(ask));
    return answers.map((allowed) => Object.fromEntries(allowed) as Record<A, boolean>);
  }

  /** Keeps an answer that the PDP has given to a guard. */
  keep(check: Check, answer: RecordedAnswer): void {
    if (!this.#keepsAnswers) return;
    // As it is now: what the handler makes of the resource has another answer.
    const { id, attr, scope, policyVersion } = check.resource;
    const kept = { ...check, resource: { id, attr, scope, policyVersion } };
    if (this.#loader) this.#loader.prime(kept, answer);
    else this.#kept.push([kept, answer]);
  }

  #loaderMade(): DataLoader<Check, RecordedAnswer, string> {
    if (this.#loader) return this.#loader;
    // A number for each `attr` object. Objects are compared by identity: comparing their content costs more than a call.
    const attrNumbers = new Map<object, number>();
    const options = { cache: this.#keepsAnswers, cacheKeyFn: (check: Check) => keyOf(check, attrNumbers) };
    this.#loader = new DataLoader(this.#ask, options);
    for (const [check, answer] of this.#kept) this.#loader.prime(check, answer);
    return this.#loader;
  }
}

function keyOf(
  { kind, resource: { id, attr, scope, policyVersion }, action }: Check,
  attrNumbers: Map<object, number>,
): string {
  let number = 0;
  if (attr) {
    number = attrNumbers.get(attr) ?? attrNumbers.size + 1;
    attrNumbers.set(attr, number);
  }
  return JSON.stringify([kind, id, action, number, scope, policyVersion]);
}
