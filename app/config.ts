import { existsSync } from "node:fs";
import type { z } from "zod";
import { type Environment, environment } from "./environment.js";
import { inconsistent, missing, unsafe } from "./environment-checks.js";
import type { SigningKey } from "./private-key.js";
import { databaseUrlProblem, encryptedDatabaseUrl, isPdpEncrypted } from "./transport-security.js";

/** An Okta authorization server, and the web application registered with it. */
export interface OktaSettings {
  /** e.g. `https://dev-1.okta.com/oauth2/default` */
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Where the PDP is. */
export interface CerbosSettings {
  /** `host:port`, or `unix:/path/to/socket` */
  readonly target: string;
  readonly tls: boolean;
  readonly playgroundInstance: string | undefined;
}

/** A copy of the decision log for log tools. */
export interface DecisionStream {
  /** `stdout`, or an http(s) URL. */
  readonly to: string;
  /** Value of the header `Authorization`. */
  readonly authorization: string | undefined;
}

/** How the claims of a token become a principal. */
export interface ClaimRules {
  /** The claim that carries the groups. */
  readonly groupsClaim: string;
  /** Group to role; `undefined` when groups are the roles. */
  readonly roleMap: ReadonlyMap<string, string> | undefined;
}

/** Which API clients may use their access tokens here. Without either, all whose tokens have the audience. */
export interface ApiAccess {
  /** The scope that access tokens must have. */
  readonly scope: string | undefined;
  /** The client ids whose access tokens are accepted. */
  readonly clients: ReadonlySet<string> | undefined;
}

/**
 * How the app proves who it is to Okta's Management API: by an API token of an administrator, or as an API services app
 * by the key whose public half is registered there.
 */
export type OktaApiCredentials =
  | { readonly token: string }
  | { readonly clientId: string; readonly privateKey: SigningKey };

/** The Okta organization whose users, groups and log the directory follows. */
export interface OktaApiSettings {
  /** Its origin, such as `https://example.okta.com`. */
  readonly org: string;
  readonly credentials: OktaApiCredentials;
  /** What Okta's event hook sends as its `Authorization`; `undefined`: there is no hook. */
  readonly hookSecret: string | undefined;
}

/** How the directory follows Okta. */
export interface DirectorySettings {
  /** How often Okta is asked what has changed, in seconds. */
  readonly syncSeconds: number;
  /** How long ago the directory may have followed Okta to the end of its log before requests are 503, in seconds. */
  readonly maxAgeSeconds: number;
  /** The share of people or memberships that may be removed at once without an administrator, in percent. */
  readonly brakePercent: number;
  /** Names of further profile attributes that policies see. */
  readonly attributes: readonly string[];
  /** The name of the profile attribute that names managers. */
  readonly managerAttribute: string;
}

/** All settings. Without Okta, PDP or database settings, the demo's stand-in takes their place. */
export interface Config {
  readonly production: boolean;
  readonly port: number;
  /** Public origin of the app, without a slash at the end. */
  readonly baseUrl: string;
  readonly okta: OktaSettings | undefined;
  /** The `aud` that access tokens of API clients must carry. */
  readonly audience: string;
  readonly apiAccess: ApiAccess;
  readonly claimRules: ClaimRules;
  /** `undefined`: people and their roles come from logins and access tokens, but in the demo. */
  readonly oktaApi: OktaApiSettings | undefined;
  readonly directory: DirectorySettings;
  readonly cerbos: CerbosSettings | undefined;
  /** How long a decision may take, in ms; also one of the demo's PDP. */
  readonly pdpDeadlineMs: number;
  /** PostgreSQL connection string. */
  readonly databaseUrl: string | undefined;
  /** Connections to PostgreSQL that this process opens, at most; `undefined`: the default of `openPostgres`. */
  readonly databasePoolSize: number | undefined;
  /** How long the app goes on serving after SIGTERM, in seconds, while `/readyz` is 503. */
  readonly drainSeconds: number;
  /** How long an idle HTTP connection is kept open, in seconds. */
  readonly keepAliveSeconds: number;
  readonly sessionSecret: string | undefined;
  /** How long somebody stays logged in who does nothing, in minutes. */
  readonly sessionIdleMinutes: number;
  readonly dataDir: string;
  readonly logLevel: string;
  /** How long decisions are kept, in days; `undefined`: for ever. */
  readonly retentionDays: number | undefined;
  /** Where decisions go besides the database; `undefined`: nowhere. */
  readonly decisionStream: DecisionStream | undefined;
  /** Port of `/metrics`; `undefined`: there are none. */
  readonly metricsPort: number | undefined;
  /** How old a login may be before a transfer or an export of the decision log, in minutes; `undefined`: any age. */
  readonly reauthenticateMinutes: number | undefined;
  /** Points a minute: of one network for logins, of one network where nobody is logged in, and of one person. */
  readonly rateLimits: { readonly login: number; readonly anonymous: number; readonly requests: number };
}

/** A log with a record for each would grow by half a gigabyte a day. */
const DEFAULT_ANONYMOUS_LIMIT = 300;

/** Settings are missing, wrong or unsafe; the message lists all of them. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`Gatehouse cannot start with these settings:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`);
    this.name = "ConfigError";
    this.problems = problems;
  }
}

/** Names of all variables that {@link readConfig} reads. */
export const settingNames: readonly string[] = Object.keys(environment.shape);

/**
 * Reads and checks the settings.
 *
 * @param env - usually `process.env`
 * @throws {@link ConfigError} that lists every problem. With `NODE_ENV=production`, missing and unsafe settings are
 * problems as well
 */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const given = givenIn(env);
  const parsed = environment.safeParse(given);
  const problems = parsed.success
    ? [...inconsistent(parsed.data), ...(parsed.data.NODE_ENV === "production" ? unsafe(parsed.data) : [])]
    : [...parsed.error.issues.map(problemIn), ...(given.NODE_ENV === "production" ? missing(given) : [])];
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);

  const { data } = parsed;
  const { OKTA_ISSUER: issuer, OKTA_CLIENT_ID: clientId, OKTA_CLIENT_SECRET: clientSecret } = data;
  const target = data.CERBOS_HOSTNAME;
  return {
    production: data.NODE_ENV === "production",
    port: data.PORT,
    baseUrl: data.APP_BASE_URL ?? `http://localhost:${data.PORT}`,
    okta: issuer && clientId && clientSecret ? { issuer, clientId, clientSecret } : undefined,
    audience: data.OKTA_AUDIENCE,
    apiAccess: { scope: data.OKTA_API_SCOPE, clients: data.OKTA_API_CLIENTS },
    claimRules: { groupsClaim: data.OKTA_GROUPS_CLAIM, roleMap: data.ROLE_MAP },
    oktaApi: oktaApiOf(data),
    directory: {
      syncSeconds: data.DIRECTORY_SYNC_SECONDS,
      maxAgeSeconds: data.DIRECTORY_MAX_AGE_SECONDS,
      brakePercent: data.DIRECTORY_BRAKE_PERCENT,
      attributes: data.DIRECTORY_ATTRIBUTES,
      managerAttribute: data.OKTA_MANAGER_ATTRIBUTE,
    },
    cerbos: target
      ? { target, tls: isPdpEncrypted(data, target), playgroundInstance: data.CERBOS_PLAYGROUND }
      : undefined,
    pdpDeadlineMs: data.CERBOS_DEADLINE_MS,
    databaseUrl: data.DATABASE_URL && encryptedDatabaseUrl(data, data.DATABASE_URL),
    databasePoolSize: data.DATABASE_POOL_SIZE,
    drainSeconds: data.SHUTDOWN_DRAIN_SECONDS,
    keepAliveSeconds: data.KEEP_ALIVE_SECONDS,
    sessionSecret: data.SESSION_SECRET,
    sessionIdleMinutes: data.SESSION_IDLE_MINUTES,
    dataDir: data.DATA_DIR,
    logLevel: data.LOG_LEVEL,
    retentionDays: data.AUDIT_RETENTION_DAYS === "forever" ? undefined : data.AUDIT_RETENTION_DAYS,
    decisionStream: data.DECISION_STREAM
      ? { to: data.DECISION_STREAM, authorization: data.DECISION_STREAM_AUTHORIZATION }
      : undefined,
    metricsPort: data.METRICS_PORT,
    reauthenticateMinutes: data.REAUTHENTICATE_MINUTES,
    rateLimits: {
      login: data.RATE_LIMIT_LOGIN,
      anonymous: data.RATE_LIMIT_ANONYMOUS ?? Math.min(DEFAULT_ANONYMOUS_LIMIT, data.RATE_LIMIT_REQUESTS),
      requests: data.RATE_LIMIT_REQUESTS,
    },
  };
}

/**
 * Reads the settings of this process: from its environment and, for variables that are missing there, from the file `.env`
 * in the working directory.
 *
 * @throws {@link ConfigError}
 */
export function loadConfig(): Config {
  loadEnvFile();
  return readConfig(process.env);
}

/**
 * Reads `DATABASE_URL`, and whether the way there is encrypted, from where {@link loadConfig} reads them, for a command
 * that needs no other setting.
 *
 * @throws {@link ConfigError}
 */
export function loadDatabaseUrl(): string {
  loadEnvFile();
  const settings = environment.pick({ NODE_ENV: true, DATABASE_URL: true, DATABASE_TLS: true });
  const { data, error } = settings.safeParse(givenIn(process.env));
  if (!data) throw new ConfigError(error.issues.map(problemIn));
  const { DATABASE_URL: url } = data;
  const problem = url ? databaseUrlProblem(data, url) : "DATABASE_URL: is missing: it names the PostgreSQL database";
  if (!url || problem) throw new ConfigError(problem ? [problem] : []);
  return encryptedDatabaseUrl(data, url);
}

function oktaApiOf(data: Environment): OktaApiSettings | undefined {
  const { OKTA_API_TOKEN: token, OKTA_API_CLIENT_ID: clientId, OKTA_API_PRIVATE_KEY: privateKey } = data;
  const credentials = token ? { token } : clientId && privateKey ? { clientId, privateKey } : undefined;
  if (!credentials || !data.OKTA_ISSUER) return undefined;
  return { org: new URL(data.OKTA_ISSUER).origin, credentials, hookSecret: data.OKTA_HOOK_SECRET };
}

function givenIn(env: NodeJS.ProcessEnv): Record<string, string | undefined> {
  const given = Object.fromEntries(settingNames.map((name) => [name, env[name]?.trim() || undefined]));
  // Libraries read it too, and know it in exactly these letters only.
  return { ...given, NODE_ENV: env.NODE_ENV || undefined };
}

function problemIn({ path, message }: z.core.$ZodIssue): string {
  return `${path.join(".")}: ${message}`;
}

function loadEnvFile(): void {
  if (existsSync(".env")) process.loadEnvFile(".env");
}
