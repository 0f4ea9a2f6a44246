import { afterAllTests } from "../cleanup.js";
import { standInFor, useFixture } from "../fixture.js";
import { clientsOf } from "../http/client.js";
import { assertReadiness } from "./readiness.js";
import { type Stack, startStack } from "./stack.js";

let shared: Promise<Stack> | undefined;

/**
 * The stack that all tests share which leave it as they found it. The first call starts it; it stops after the last test.
 * Its database is the embedded one, unless `SHARED_STACK_DATABASE_URL` names another.
 */
export function sharedStack(): Promise<Stack> {
  if (!shared) {
    const starting = startStack({ DATABASE_URL: process.env.SHARED_STACK_DATABASE_URL });
    shared = starting.then(async (stack) => {
      // On a busy machine the directory is read after the start.
      await assertReadiness(stack.url);
      return stack;
    });
    afterAllTests(async () => {
      const stack = await starting.catch(() => undefined);
      await stack?.stop();
    });
  }
  return shared;
}

/**
 * Gives the suite that calls this the shared stack.
 *
 * @returns `stack`, and API clients of it: four of the demo users, by first name, and `stranger`, who is not logged in.
 *   All of them can be used from the suite's first hook on.
 */
export function useSharedStack() {
  const fixture = useFixture(async () => {
    const stack = await sharedStack();
    return { stack, ...(await clientsOf(stack)) };
  });
  return {
    stack: standInFor(() => fixture.stack),
    alice: standInFor(() => fixture.alice),
    uma: standInFor(() => fixture.uma),
    omar: standInFor(() => fixture.omar),
    nina: standInFor(() => fixture.nina),
    stranger: standInFor(() => fixture.stranger),
  };
}
