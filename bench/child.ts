import { fork, type Serializable } from "node:child_process";
import { once } from "node:events";
import { build } from "../test/support/stack/compiled.js";

/** A program of this project in a child process. It ends when its parent disconnects. */
export interface Child<Greeting> {
  /** What it has sent first. */
  readonly greeting: Greeting;
  /** Sends a message, and waits for the answer. One at a time. */
  ask<Answer>(message: Serializable): Promise<Answer>;
  stop(): Promise<void>;
}

/**
 * Starts a program, compiled as it is in production: the loader of TypeScript slows down small functions.
 *
 * @param source - such as `bench/crm.ts`
 */
export async function startChild<Greeting>(source: string, args: readonly string[]): Promise<Child<Greeting>> {
  const built = build();
  // Without the loader of TypeScript that this process may have.
  const child = fork(built.program(source), args, { execArgv: [] });
  const ended = once(child, "exit");
  const early = ended.then(() => Promise.reject(new Error(`${source} ended early`)));
  early.catch(() => {});
  const next = async () => ((await Promise.race([once(child, "message"), early])) as [unknown])[0];
  return {
    greeting: (await next()) as Greeting,
    async ask<Answer>(message: Serializable) {
      const answer = next();
      child.send(message);
      return (await answer) as Answer;
    },
    async stop() {
      if (child.connected) child.disconnect();
      await ended;
      await built.remove();
    },
  };
}
