import { afterAllTests } from "../cleanup.js";
import { standInFor, useFixture } from "../fixture.js";
import { type Stack, startStack } from "../stack/stack.js";
import { Issuer } from "./issuer.js";

/** An app with an authorization server whose claims a test chooses. */
export interface IssuerStack {
  readonly stack: Stack;
  readonly issuer: Issuer;
}

/** Starts an app with a new {@link Issuer}; both are stopped after the last test. */
function startIssuerStack(env: NodeJS.ProcessEnv = {}): Promise<IssuerStack> {
  const starting = start(env);
  afterAllTests(async () => {
    const running = await starting.catch(() => undefined);
    await running?.stack.stop();
    await running?.issuer.stop();
  });
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

/** The secret of the app of {@link issuerStack}. */
export const sessionSecret = "a secret that the tests know";

/** The stack that all tests share which leave it usable. The first call starts it. */
export function issuerStack(): Promise<IssuerStack> {
  shared ??= startIssuerStack({ SESSION_SECRET: sessionSecret });
  return shared;
}

let proxied: Promise<IssuerStack> | undefined;

/** The public base URL of the app of {@link proxiedStack}. */
export const publicUrl = "https://crm.example";

/**
 * A shared stack in which no setting is the usual one: it is behind a proxy that speaks https, its rate limits are
 * small, access tokens need a scope and one of two clients, and its groups are in a claim of another name and are mapped to roles. Requests tell it the client's address
 * in `X-Forwarded-For`.
 */
export function proxiedStack(): Promise<IssuerStack> {
  proxied ??= startIssuerStack({
    APP_BASE_URL: publicUrl,
    RATE_LIMIT_LOGIN: "5",
    RATE_LIMIT_ANONYMOUS: "20",
    RATE_LIMIT_REQUESTS: "20",
    OKTA_API_SCOPE: "contacts",
    OKTA_API_CLIENTS: "0oa1api, 0oa2api",
    OKTA_GROUPS_CLAIM: "crm_groups",
    ROLE_MAP: "crm-admins=admin, crm-users=user, staff=user",
  });
  return proxied;
}

/** Gives the suite that calls this the stack of {@link issuerStack}, from its first hook on. */
export function useIssuerStack(): IssuerStack {
  return useIssuerStackOf(issuerStack);
}

/** Gives the suite that calls this the stack of {@link proxiedStack}, from its first hook on. */
export function useProxiedStack(): IssuerStack {
  return useIssuerStackOf(proxiedStack);
}

/** Gives the suite that calls this a stack that no other suite uses, with more settings. */
export function useOwnIssuerStack(env: NodeJS.ProcessEnv): IssuerStack {
  return useIssuerStackOf(() => startIssuerStack(env));
}

function useIssuerStackOf(start: () => Promise<IssuerStack>): IssuerStack {
  const fixture = useFixture(start);
  return { stack: standInFor(() => fixture.stack), issuer: standInFor(() => fixture.issuer) };
}
