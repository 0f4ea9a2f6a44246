import { Router } from "express";
import { withDeadline } from "../../deadline.js";
import { reusedFor } from "../../reused-result.js";

const CHECK_TIMEOUT_MS = 2_000;

/** How long the result of a check is reused: frequent requests to this endpoint do not reach the dependencies. */
const RESULT_LIFETIME_MS = 1_000;

/** A service that the app uses. */
export interface Dependency {
  readonly name: string;
  /** Whether the app can do nothing without it, and so is not ready. The others are only reported. */
  readonly isRequired: boolean;
  /** Resolves when the service answers. */
  readonly check: () => Promise<void>;
  /** How old what it tells is, in seconds; `null` when that is not known. Left out where there is no such age. */
  readonly age?: () => Promise<number | null>;
}

/**
 * `/livez` says that this process runs. `/readyz` says for each service whether it answers; it is 503 while one that is
 * required does not. Where a service has an age, it tells that too.
 *
 * @param dependencies - checked at most once a second, each for at most 2,000 ms
 * @param isStopping - whether the process shuts down, and so should get no new requests; `/readyz` is 503 then
 */
export function health(dependencies: readonly Dependency[], isStopping: () => boolean): Router {
  const router = Router();
  router.get("/livez", (_req, res) => {
    res.json({ status: "ok" });
  });
  const checkAll = reusedFor(RESULT_LIFETIME_MS, () =>
    Promise.all(
      dependencies.map(async ({ name, isRequired, check, age }) => ({
        ...{ name, isRequired, answers: await answers(check) },
        age: await age?.().catch(() => null),
      })),
    ),
  );
  router.get("/readyz", async (_req, res) => {
    const states = await checkAll();
    const ages = states.flatMap(({ name, age }) => (age === undefined ? [] : [[name, age] as const]));
    const ready = !isStopping() && states.every(({ isRequired, answers }) => answers || !isRequired);
    res.status(ready ? 200 : 503).json({
      status: isStopping() ? "stopping" : ready ? "ok" : "unavailable",
      checks: Object.fromEntries(states.map(({ name, answers }) => [name, answers ? "ok" : "unavailable"])),
      ...(ages.length > 0 && { ageSeconds: Object.fromEntries(ages) }),
    });
  });
  return router;
}

async function answers(check: () => Promise<void>): Promise<boolean> {
  try {
    await withDeadline(check(), CHECK_TIMEOUT_MS, () => new Error("no answer in time"));
    return true;
  } catch {
    return false;
  }
}
