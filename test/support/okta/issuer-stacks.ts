import { type Stack, startStack } from "../stack/stack.js";
import { Issuer } from "./issuer.js";

/** An app whose authorization server says whatever a test wants. */
export interface IssuerStack {
  readonly stack: Stack;
  readonly issuer: Issuer;
}

const running: Promise<IssuerStack>[] = [];

/** Starts an app with an {@link Issuer} of its own; both are stopped after the last test. */
function startIssuerStack(env: NodeJS.ProcessEnv = {}): Promise<IssuerStack> {
  const starting = start(env);
  running.push(starting);
  return starting;
}

async function start(env: NodeJS.ProcessEnv): Promise<IssuerStack> {
  const issuer = await Issuer.start();
  try {
    return { stack: await startStack({ ...issuer.settings, ...env }), issuer };
  } catch (error) {
    await issuer.stop();
    throw error;
  }
}

let shared: Promise<IssuerStack> | undefined;

/** One for all tests that leave it usable; started when first asked for. */
export function issuerStack(): Promise<IssuerStack> {
  shared ??= startIssuerStack();
  return shared;
}

let proxied: Promise<IssuerStack> | undefined;

/** Where the app of {@link proxiedStack} says that it is. */
export const publicUrl = "https://crm.example";

/**
 * One whose settings are all other than usual: behind a proxy that speaks https, with small limits, and with groups
 * that are not called groups and are not roles. Tell it by `X-Forwarded-For` from which address a request comes.
 */
export function proxiedStack(): Promise<IssuerStack> {
  proxied ??= startIssuerStack({
    APP_BASE_URL: publicUrl,
    RATE_LIMIT_LOGIN: "5",
    RATE_LIMIT_REQUESTS: "20",
    OKTA_GROUPS_CLAIM: "crm_groups",
    ROLE_MAP: "crm-admins=admin, crm-users=user, staff=user",
  });
  return proxied;
}

// At the root, so that it runs once, after all files.
after(async function () {
  this.timeout(20_000);
  await Promise.all(
    running.map(async (starting) => {
      const started = await starting.catch(() => undefined);
      await started?.stack.stop();
      await started?.issuer.stop();
    }),
  );
});
