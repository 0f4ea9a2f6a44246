import { z } from "zod";
import { readSigningKey, type SigningKey } from "./private-key.js";

const text = z.string().trim();
const origin = text.refine(isHttpUrl, "must be an http(s) URL").transform((value) => value.replace(/\/+$/, ""));
/** More than a year, so that a yearly audit finds the whole year. */
const DEFAULT_RETENTION_DAYS = 400;

/** Left out, `max` is infinite. */
function wholeNumber(min: number, max = Number.POSITIVE_INFINITY) {
  const range = max === Number.POSITIVE_INFINITY ? `must be at least ${min}` : `must be from ${min} to ${max}`;
  const number = z.coerce.number("must be a number").refine(Number.isInteger, "must be a whole number");
  return number.min(min, range).max(max, range);
}

const port = wholeNumber(1, 65_535);
const perMinute = wholeNumber(1);

const loginScopes = ["openid", "profile", "email", "address", "phone", "offline_access", "groups", "device_sso"];

/** Every variable that the app reads; an empty one counts as absent. */
export const environment = z.object({
  NODE_ENV: z.enum(["development", "test", "production"], "must be development, test or production").optional(),
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
  // RFC 6749, section 3.3. The scopes of OpenID Connect are in the tokens of any login.
  OKTA_API_SCOPE: text
    .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, "must be one scope, without spaces")
    .refine(
      (scope) => !loginScopes.includes(scope),
      "must be a scope of your own: any application's login has this one",
    )
    .optional(),
  OKTA_API_CLIENTS: text.transform(parseClientIds).optional(),
  OKTA_GROUPS_CLAIM: text.default("groups"),
  ROLE_MAP: text.transform(parseRoleMap).optional(),
  OKTA_API_TOKEN: text.regex(/^[\x21-\x7e]+$/, "must be the token alone, without SSWS").optional(),
  OKTA_API_CLIENT_ID: text.optional(),
  OKTA_API_PRIVATE_KEY: text.transform(parsePrivateKey).optional(),
  OKTA_HOOK_SECRET: text.regex(/^[\x21-\x7e]+$/, "must be letters, digits and signs without spaces").optional(),
  DIRECTORY_SYNC_SECONDS: wholeNumber(1, 3_600).default(60),
  DIRECTORY_MAX_AGE_SECONDS: wholeNumber(10, 86_400).default(900),
  DIRECTORY_BRAKE_PERCENT: wholeNumber(1, 100).default(10),
  DIRECTORY_ATTRIBUTES: text.transform(parseAttributes).default([]),
  OKTA_MANAGER_ATTRIBUTE: text
    .refine(isAttribute, "must be a variable name of a profile attribute")
    .default("managerId"),
  CERBOS_HOSTNAME: text.regex(/^(unix:\S+|[^\s/]+)$/, "must be host:port or unix:/path, without http://").optional(),
  CERBOS_TLS: z.enum(["true", "false"], "must be true or false").optional(),
  CERBOS_PLAYGROUND: text.optional(),
  CERBOS_DEADLINE_MS: wholeNumber(1, 60_000).default(1_000),
  DATABASE_URL: text
    .regex(/^postgres(ql)?:\/\//, "must start with postgres:// or postgresql://")
    .refine((url) => !url.includes("#"), "must have %23 in the place of #")
    .optional(),
  DATABASE_TLS: z.enum(["true", "false"], "must be true or false").optional(),
  DATABASE_POOL_SIZE: wholeNumber(1, 1_000).optional(),
  SHUTDOWN_DRAIN_SECONDS: z.coerce
    .number("must be a number of seconds")
    .min(0, "must be from 0 to 300")
    .max(300, "must be from 0 to 300")
    .default(0),
  KEEP_ALIVE_SECONDS: wholeNumber(1, 3_600).default(75),
  SESSION_SECRET: text.optional(),
  REAUTHENTICATE_MINUTES: wholeNumber(1, 1_440).optional(),
  SESSION_IDLE_MINUTES: wholeNumber(1, 480).default(60),
  DATA_DIR: text.default("./data"),
  LOG_LEVEL: z
    .enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"], "must be a pino level, such as info")
    .default("info"),
  // A much larger number gives times that the database cannot represent.
  AUDIT_RETENTION_DAYS: z
    .union(
      [
        z.literal("forever"),
        z.coerce
          .number()
          .positive("must be more than 0")
          .max(36_500, "must be at most 36500, which is a hundred years; or forever"),
      ],
      "must be a number of days, or forever",
    )
    .default(DEFAULT_RETENTION_DAYS),
  DECISION_STREAM: text
    .refine((value) => value === "stdout" || isHttpUrl(value), "must be stdout or an http(s) URL")
    .refine((value) => !hasCredentials(value), "must be without user and password: see DECISION_STREAM_AUTHORIZATION")
    .optional(),
  DECISION_STREAM_AUTHORIZATION: text.refine(isHeaderValue, "must be a value that an HTTP header can have").optional(),
  METRICS_PORT: port.optional(),
  RATE_LIMIT_LOGIN: perMinute.default(100),
  RATE_LIMIT_ANONYMOUS: perMinute.optional(),
  RATE_LIMIT_REQUESTS: perMinute.default(6_000),
});

/** The variables, checked one by one. */
export type Environment = z.output<typeof environment>;

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

function parsePrivateKey(value: string, context: z.RefinementCtx): SigningKey {
  try {
    return readSigningKey(value);
  } catch (error) {
    context.addIssue({ code: "custom", message: (error as Error).message });
    return z.NEVER;
  }
}

/** Whether a text can be the variable name of an attribute. */
function isAttribute(name: string): boolean {
  // Protobuf's maps are objects, which take `__proto__` for their prototype.
  return /^[A-Za-z_]\w*$/.test(name) && name !== "__proto__";
}

/** Parses `costCenter,employeeNumber`, variable names of a profile in Okta. Policies see the department in any case. */
function parseAttributes(value: string, context: z.RefinementCtx): readonly string[] {
  const names = value.split(",").map((name) => name.trim());
  if (names.every(isAttribute)) return [...new Set(names)].filter((name) => name !== "department");
  context.addIssue({
    code: "custom",
    message: "must be variable names of profile attributes, with commas between them",
  });
  return z.NEVER;
}

/** Parses `0oa1,0oa2`. */
function parseClientIds(value: string, context: z.RefinementCtx): ReadonlySet<string> {
  const ids = value.split(",").map((id) => id.trim());
  if (ids.every((id) => /^[\x21-\x7e]+$/.test(id))) return new Set(ids);
  context.addIssue({ code: "custom", message: "must be client ids with commas between them" });
  return z.NEVER;
}
