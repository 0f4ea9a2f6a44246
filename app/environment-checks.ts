import type { Environment } from "./environment.js";
import { databaseUrlProblem } from "./transport-security.js";
import { secretWeakness } from "./weak-secret.js";

const oktaNames = ["OKTA_ISSUER", "OKTA_CLIENT_ID", "OKTA_CLIENT_SECRET"] as const;

/** Problems of settings that only make sense together. */
export function inconsistent(env: Environment): string[] {
  const problems: string[] = [];
  const absent = oktaNames.filter((name) => !env[name]);
  if (absent.length > 0 && absent.length < oktaNames.length) {
    problems.push(`${absent.join(", ")}: missing, though other OKTA_ settings are there; give all three or none`);
  }
  problems.push(...directoryProblems(env));
  if (env.DECISION_STREAM_AUTHORIZATION && !env.DECISION_STREAM?.startsWith("http")) {
    problems.push("DECISION_STREAM: must be an http(s) URL when DECISION_STREAM_AUTHORIZATION is there");
  }
  const databaseProblem = env.DATABASE_URL && databaseUrlProblem(env, env.DATABASE_URL);
  if (databaseProblem) problems.push(databaseProblem);
  if (env.METRICS_PORT === env.PORT) problems.push("METRICS_PORT: must be another than PORT");
  if (env.CERBOS_PLAYGROUND && env.CERBOS_TLS === "false") problems.push("CERBOS_TLS: the playground needs TLS");
  if (env.CERBOS_PLAYGROUND && !env.CERBOS_HOSTNAME) {
    problems.push(
      "CERBOS_HOSTNAME: missing, though CERBOS_PLAYGROUND is there; the hosted PDP is demo-pdp.cerbos.cloud",
    );
  }
  return problems;
}

/** What is wrong with the settings of Okta's Management API, taken together. */
function directoryProblems(env: Environment): string[] {
  const { OKTA_API_TOKEN: token, OKTA_API_CLIENT_ID: clientId, OKTA_API_PRIVATE_KEY: key } = env;
  const isThere = Boolean(token || clientId || key);
  const problems: string[] = [];
  if (token && (clientId || key)) {
    problems.push("OKTA_API_TOKEN: must not be there together with OKTA_API_CLIENT_ID and OKTA_API_PRIVATE_KEY");
  } else if (!token && Boolean(clientId) !== Boolean(key)) {
    const absent = clientId ? "OKTA_API_PRIVATE_KEY" : "OKTA_API_CLIENT_ID";
    problems.push(`${absent}: missing; a services app needs both OKTA_API_CLIENT_ID and OKTA_API_PRIVATE_KEY`);
  }
  if (isThere && !env.OKTA_ISSUER) {
    problems.push("OKTA_ISSUER: missing, though there are settings of Okta's API; it says which organization to ask");
  }
  if (env.OKTA_HOOK_SECRET && !isThere) {
    problems.push(
      "OKTA_API_CLIENT_ID, OKTA_API_PRIVATE_KEY: missing, though OKTA_HOOK_SECRET is there; OKTA_API_TOKEN would do, too",
    );
  }
  if (env.DIRECTORY_MAX_AGE_SECONDS <= env.DIRECTORY_SYNC_SECONDS) {
    problems.push("DIRECTORY_MAX_AGE_SECONDS: must be more than DIRECTORY_SYNC_SECONDS");
  }
  return problems;
}

const required = {
  APP_BASE_URL: "the public https:// address of this app",
  OKTA_ISSUER: "your authorization server, e.g. https://example.okta.com/oauth2/default",
  OKTA_CLIENT_ID: "client id of the web application in Okta",
  OKTA_CLIENT_SECRET: "client secret of the web application in Okta",
  CERBOS_HOSTNAME: "host:port of the Cerbos PDP",
  DATABASE_URL: "connection string of PostgreSQL",
  SESSION_SECRET: "at least 32 random characters, e.g. from: openssl rand -hex 32",
};

/** Settings that are missing in production, where nothing falls back to a stand-in. */
export function missing(env: Readonly<Record<string, unknown>>): string[] {
  const problems = Object.entries(required).flatMap(([name, meaning]) =>
    env[name] ? [] : `${name}: missing (${meaning})`,
  );
  if (env.OKTA_API_SCOPE || env.OKTA_API_CLIENTS) return problems;
  const meaning = "a scope for this API, or the ids of its clients, or else any application's access token is accepted";
  return [...problems, `OKTA_API_SCOPE, OKTA_API_CLIENTS: missing; give one of them (${meaning})`];
}

/** Settings that are missing or unsafe in production. */
export function unsafe(env: Environment): string[] {
  const problems = missing(env);
  if (env.APP_BASE_URL && !env.APP_BASE_URL.startsWith("https:")) {
    problems.push("APP_BASE_URL: must be https:// in production, or session cookies could be read on the way");
  }
  if (env.OKTA_ISSUER && !env.OKTA_ISSUER.startsWith("https:")) {
    problems.push("OKTA_ISSUER: must be https:// in production");
  }
  const weakness = env.SESSION_SECRET && secretWeakness(env.SESSION_SECRET);
  if (weakness) problems.push(`SESSION_SECRET: must ${weakness} in production; openssl rand -hex 32 makes one`);
  const hookWeakness = env.OKTA_HOOK_SECRET && secretWeakness(env.OKTA_HOOK_SECRET);
  if (hookWeakness)
    problems.push(`OKTA_HOOK_SECRET: must ${hookWeakness} in production; openssl rand -hex 32 makes one`);
  if (env.DECISION_STREAM?.startsWith("http:")) {
    problems.push("DECISION_STREAM: must be https:// in production, as it tells who does what");
  }
  if (env.CERBOS_PLAYGROUND) problems.push("CERBOS_PLAYGROUND: the hosted demo PDP is not for production");
  return problems;
}
