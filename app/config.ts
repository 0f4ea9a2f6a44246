import { existsSync } from "node:fs";
import { z } from "zod";

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

/** All settings. Without Okta, PDP or database settings, the demo's stand-in takes their place. */
export interface Config {
  readonly production: boolean;
  readonly port: number;
  /** Public origin of the app, without a slash at the end. */
  readonly baseUrl: string;
  readonly okta: OktaSettings | undefined;
  /** The `aud` that access tokens of API clients must carry. */
  readonly audience: string;
  readonly claimRules: ClaimRules;
  readonly cerbos: CerbosSettings | undefined;
  /** PostgreSQL connection string. */
  readonly databaseUrl: string | undefined;
  /** Connections to PostgreSQL that this process opens, at most; `undefined`: the default of `openPostgres`. */
  readonly databasePoolSize: number | undefined;
  /** How long the app goes on serving after SIGTERM, in seconds, while `/readyz` is 503. */
  readonly drainSeconds: number;
  readonly sessionSecret: string | undefined;
  readonly dataDir: string;
  readonly logLevel: string;
  /** How long decisions are kept, in days; `undefined`: for ever. */
  readonly retentionDays: number | undefined;
  /** Where decisions go besides the database; `undefined`: nowhere. */
  readonly decisionStream: DecisionStream | undefined;
  /** Port of `/metrics`; `undefined`: there are none. */
  readonly metricsPort: number | undefined;
  /** Requests a minute: of one address to the login routes, and of one person to everything else. */
  readonly rateLimits: { readonly login: number; readonly requests: number };
}

/** Settings are missing, wrong or unsafe; the message lists all of them. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`Gatehouse cannot start with these settings:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`);
    this.name = "ConfigError";
    this.problems = problems;
  }
}

const text = z.string().trim();
const origin = text.refine(isHttpUrl, "must be an http(s) URL").transform((value) => value.replace(/\/+$/, ""));
/** Left out, `max` is infinite. */
function wholeNumber(min: number, max = Number.POSITIVE_INFINITY) {
  const range = max === Number.POSITIVE_INFINITY ? `must be at least ${min}` : `must be from ${min} to ${max}`;
  const number = z.coerce.number("must be a number").refine(Number.isInteger, "must be a whole number");
  return number.min(min, range).max(max, range);
}

const port = wholeNumber(1, 65_535);
const perMinute = wholeNumber(1);

/** Every variable that the app reads; an empty one counts as absent. */
const environment = z.object({
  NODE_ENV: text.optional(),
  PORT: port.default(8080),
  APP_BASE_URL: origin
    .refine((value) => URL.canParse(value) && new URL(value).origin === value, "must be an origin, without a path")
    .optional(),
  OKTA_ISSUER: origin
    .refine((value) => !/-admin\.okta|\{yourOktaDomain\}/i.test(value), "must be your Okta domain, without -admin")
    .optional(),
  OKTA_CLIENT_ID: text.optional(),
  OKTA_CLIENT_SECRET: text.optional(),
  OKTA_AUDIENCE: text.default("api://default"),
  OKTA_GROUPS_CLAIM: text.default("groups"),
  ROLE_MAP: text.transform(parseRoleMap).optional(),
  CERBOS_HOSTNAME: text.regex(/^(unix:\S+|[^\s/]+)$/, "must be host:port or unix:/path, without http://").optional(),
  CERBOS_TLS: z.enum(["true", "false"], "must be true or false").optional(),
  CERBOS_PLAYGROUND: text.optional(),
  DATABASE_URL: text.regex(/^postgres(ql)?:\/\//, "must start with postgres:// or postgresql://").optional(),
  DATABASE_POOL_SIZE: wholeNumber(1, 1_000).optional(),
  SHUTDOWN_DRAIN_SECONDS: z.coerce
    .number("must be a number of seconds")
    .min(0, "must be from 0 to 300")
    .max(300, "must be from 0 to 300")
    .default(0),
  SESSION_SECRET: text.optional(),
  DATA_DIR: text.default("./data"),
  LOG_LEVEL: z
    .enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"], "must be a pino level, such as info")
    .default("info"),
  // A much larger number gives times that the database cannot represent.
  AUDIT_RETENTION_DAYS: z.coerce
    .number("must be a number of days")
    .positive("must be more than 0")
    .max(36_500, "must be at most 36500, which is a hundred years; leave it out to keep decisions for ever")
    .optional(),
  DECISION_STREAM: text
    .refine((value) => value === "stdout" || isHttpUrl(value), "must be stdout or an http(s) URL")
    .refine((value) => !hasCredentials(value), "must be without user and password: see DECISION_STREAM_AUTHORIZATION")
    .optional(),
  DECISION_STREAM_AUTHORIZATION: text.refine(isHeaderValue, "must be a value that an HTTP header can have").optional(),
  METRICS_PORT: port.optional(),
  RATE_LIMIT_LOGIN: perMinute.default(100),
  RATE_LIMIT_REQUESTS: perMinute.default(6_000),
});

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
  const given = Object.fromEntries(settingNames.map((name) => [name, env[name]?.trim() || undefined]));
  const parsed = environment.safeParse(given);
  const problems = parsed.success
    ? [...inconsistent(parsed.data), ...(parsed.data.NODE_ENV === "production" ? unsafe(parsed.data) : [])]
    : [
        ...parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`),
        ...(given.NODE_ENV === "production" ? missing(given) : []),
      ];
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
    claimRules: { groupsClaim: data.OKTA_GROUPS_CLAIM, roleMap: data.ROLE_MAP },
    cerbos: target ? { target, tls: tlsFor(data, target), playgroundInstance: data.CERBOS_PLAYGROUND } : undefined,
    databaseUrl: data.DATABASE_URL,
    databasePoolSize: data.DATABASE_POOL_SIZE,
    drainSeconds: data.SHUTDOWN_DRAIN_SECONDS,
    sessionSecret: data.SESSION_SECRET,
    dataDir: data.DATA_DIR,
    logLevel: data.LOG_LEVEL,
    retentionDays: data.AUDIT_RETENTION_DAYS,
    decisionStream: data.DECISION_STREAM
      ? { to: data.DECISION_STREAM, authorization: data.DECISION_STREAM_AUTHORIZATION }
      : undefined,
    metricsPort: data.METRICS_PORT,
    rateLimits: { login: data.RATE_LIMIT_LOGIN, requests: data.RATE_LIMIT_REQUESTS },
  };
}

/**
 * Reads the settings of this process: from its environment and, for variables that are missing there, from the file `.env`
 * in the working directory.
 *
 * @throws {@link ConfigError}
 */
export function loadConfig(): Config {
  if (existsSync(".env")) process.loadEnvFile(".env");
  return readConfig(process.env);
}

type Environment = z.output<typeof environment>;

function isHttpUrl(value: string): boolean {
  return /^https?:\/\/\S+$/.test(value) && URL.canParse(value);
}

function hasCredentials(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { username, password } = new URL(url);
  return username !== "" || password !== "";
}

function isHeaderValue(value: string): boolean {
  try {
    new Headers({ authorization: value });
    return true;
  } catch {
    return false;
  }
}

/** Parses `crm-admins=admin,crm-users=user`. A group's name may contain `=`, a role's may not. */
function parseRoleMap(value: string, context: z.RefinementCtx): ReadonlyMap<string, string> {
  const pairs = value.split(",").map((pair) => pair.split(/=(?=[^=]*$)/).map((side) => side.trim()));
  if (!pairs.every(([group, role]) => group && role)) {
    context.addIssue({ code: "custom", message: "must look like crm-admins=admin,crm-users=user" });
    return z.NEVER;
  }
  return new Map(pairs as [string, string][]);
}

/** In production, connections to other machines are encrypted unless `CERBOS_TLS` says otherwise. */
function tlsFor(env: Environment, target: string): boolean {
  if (env.CERBOS_TLS) return env.CERBOS_TLS === "true";
  const local = /^(unix:|localhost(:|$)|127\.|\[::1\])/.test(target);
  return Boolean(env.CERBOS_PLAYGROUND) || (env.NODE_ENV === "production" && !local);
}

const oktaNames = ["OKTA_ISSUER", "OKTA_CLIENT_ID", "OKTA_CLIENT_SECRET"] as const;

/** Problems of settings that only make sense together. */
function inconsistent(env: Environment): string[] {
  const problems: string[] = [];
  const absent = oktaNames.filter((name) => !env[name]);
  if (absent.length > 0 && absent.length < oktaNames.length) {
    problems.push(`${absent.join(", ")}: missing, though other OKTA_ settings are there; give all three or none`);
  }
  if (env.DECISION_STREAM_AUTHORIZATION && !env.DECISION_STREAM?.startsWith("http")) {
    problems.push("DECISION_STREAM: must be an http(s) URL when DECISION_STREAM_AUTHORIZATION is there");
  }
  if (env.METRICS_PORT === env.PORT) problems.push("METRICS_PORT: must be another than PORT");
  if (env.CERBOS_PLAYGROUND && env.CERBOS_TLS === "false") problems.push("CERBOS_TLS: the playground needs TLS");
  if (env.CERBOS_PLAYGROUND && !env.CERBOS_HOSTNAME) {
    problems.push(
      "CERBOS_HOSTNAME: missing, though CERBOS_PLAYGROUND is there; the hosted PDP is demo-pdp.cerbos.cloud",
    );
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
function missing(env: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(required).flatMap(([name, meaning]) => (env[name] ? [] : `${name}: missing (${meaning})`));
}

/** Settings that are missing or unsafe in production. */
function unsafe(env: Environment): string[] {
  const problems = missing(env);
  if (env.APP_BASE_URL && !env.APP_BASE_URL.startsWith("https:")) {
    problems.push("APP_BASE_URL: must be https:// in production, or session cookies could be read on the way");
  }
  if (env.OKTA_ISSUER && !env.OKTA_ISSUER.startsWith("https:")) {
    problems.push("OKTA_ISSUER: must be https:// in production");
  }
  if (env.SESSION_SECRET && env.SESSION_SECRET.length < 32) {
    problems.push("SESSION_SECRET: must have at least 32 characters in production");
  }
  if (env.DECISION_STREAM?.startsWith("http:")) {
    problems.push("DECISION_STREAM: must be https:// in production, as it tells who does what");
  }
  if (env.CERBOS_PLAYGROUND) problems.push("CERBOS_PLAYGROUND: the hosted demo PDP is not for production");
  return problems;
}
