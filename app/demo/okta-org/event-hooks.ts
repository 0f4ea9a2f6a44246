import { randomBytes, randomUUID } from "node:crypto";
import type { FaultSource } from "./faults.js";
import type { Organization } from "./model/organization.js";
import type { LogEvent } from "./model/types.js";

/** Where an organization tells of its events. */
export interface EventHook {
  readonly url: string;
  /** What is sent in the header `Authorization`. */
  readonly secret: string;
}

/** Okta waits this long for an answer. */
const ANSWER_TIMEOUT_MS = 3000;
/** Events that Okta writes into the System Log and tells no hook. */
const notEligible = /^user\.lifecycle\.delete\.completed$/;

interface RegisteredHook extends EventHook {
  verified?: Promise<boolean> | undefined;
}

/**
 * Delivers an organization's events to hooks, as Okta does (Okta, "Event hooks"): the events of one moment in one POST,
 * in no promised order, once more on a time-out or a 5xx, and never again.
 *
 * A hook is verified when the first event is to be delivered, and again when that has failed: the app of the demo does
 * not listen yet when the stand-in starts. What happens before a hook is verified is not delivered.
 */
export class EventHooks {
  readonly #source: FaultSource;
  readonly #origin: string;
  readonly #hooks: RegisteredHook[];
  readonly #stopped = new AbortController();
  #waiting: LogEvent[] = [];

  constructor(organization: Organization, source: FaultSource, hooks: readonly EventHook[], origin: string) {
    this.#source = source;
    this.#origin = origin;
    this.#hooks = hooks.map((hook) => ({ ...hook }));
    organization.listen({ event: (event) => this.#collect(event) });
  }

  /** Delivers to one more hook from now on. */
  add(hook: EventHook): void {
    this.#hooks.push({ ...hook });
  }

  /** Delivers nothing any more, and gives up what is under way. */
  stop(): void {
    this.#stopped.abort();
  }

  #collect(event: LogEvent): void {
    if (this.#hooks.length === 0 || notEligible.test(event.eventType)) return;
    this.#waiting.push(event);
    if (this.#waiting.length === 1) setImmediate(() => this.#deliverWaiting());
  }

  #deliverWaiting(): void {
    const body = deliveryOf(this.#waiting, this.#origin);
    this.#waiting = [];
    const { faults } = this.#source;
    for (const hook of this.#hooks) {
      if (this.#source.happens(faults.hooksDropped)) continue;
      const times = this.#source.happens(faults.hooksDoubled) ? 2 : 1;
      for (let n = 0; n < times; n++) {
        const delayMs = this.#source.happens(faults.hooksLate) ? this.#source.upTo(faults.hookDelayMs ?? 1000) : 0;
        setTimeout(() => void this.#deliver(hook, body), delayMs).unref();
      }
    }
  }

  async #deliver(hook: RegisteredHook, body: string): Promise<void> {
    if (!(await this.#isVerified(hook))) return;
    const status = await this.#post(hook, body);
    if (status === undefined || status >= 500) await this.#post(hook, body);
  }

  /** @returns the status, or undefined when there was no answer in time */
  async #post({ url, secret }: EventHook, body: string): Promise<number | undefined> {
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json", Authorization: secret },
        body,
        redirect: "manual",
        signal: this.#timeout(),
      });
      await response.body?.cancel();
      return response.status;
    } catch {
      return undefined;
    }
  }

  async #isVerified(hook: RegisteredHook): Promise<boolean> {
    hook.verified ??= this.#verify(hook);
    const isVerified = await hook.verified;
    if (!isVerified) hook.verified = undefined;
    return isVerified;
  }

  /** One GET with a challenge, which the hook has to send back. */
  async #verify({ url, secret }: EventHook): Promise<boolean> {
    const challenge = randomBytes(24).toString("base64url");
    try {
      const response = await fetch(url, {
        headers: { Authorization: secret, "X-Okta-Verification-Challenge": challenge },
        redirect: "manual",
        signal: this.#timeout(),
      });
      const answer: unknown = await response.json();
      return response.ok && (answer as { verification?: unknown } | null)?.verification === challenge;
    } catch {
      return false;
    }
  }

  #timeout(): AbortSignal {
    return AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]);
  }
}

function deliveryOf(events: readonly LogEvent[], origin: string): string {
  return JSON.stringify({
    eventType: "com.okta.event_hook",
    eventTypeVersion: "1.0",
    cloudEventsVersion: "0.1",
    eventId: randomUUID(),
    eventTime: new Date().toISOString(),
    source: `${origin}/api/v1/eventHooks/who1gatehouseHook5d7`,
    contentType: "application/json",
    data: { events },
  });
}
