import { isIPv4 } from "node:net";
import { parse } from "pg-connection-string";
import type { Environment } from "./environment.js";

/** The settings that decide whether the way to the PDP is encrypted. */
type PdpTls = Pick<Environment, "NODE_ENV" | "CERBOS_TLS" | "CERBOS_PLAYGROUND">;
/** The settings that decide whether the way to the database must be. */
type DatabaseTls = Pick<Environment, "NODE_ENV" | "DATABASE_TLS">;

/**
 * Whether the way to the PDP is encrypted: in production it is when the PDP is on another machine, unless `CERBOS_TLS`
 * says otherwise.
 *
 * @param target - `host:port`, or `unix:/path/to/socket`
 */
export function isPdpEncrypted(env: PdpTls, target: string): boolean {
  if (env.CERBOS_TLS) return env.CERBOS_TLS === "true";
  const isHere = target.startsWith("unix:") || isThisMachine(target.replace(/:\d+$/, ""));
  return Boolean(env.CERBOS_PLAYGROUND) || (env.NODE_ENV === "production" && !isHere);
}

/**
 * A connection string with which the way to the database is encrypted, and the server's certificate verified, where it
 * must be: in production when the database is on another machine, unless `DATABASE_TLS` says otherwise.
 *
 * @param url - connection string. Where it says how to use TLS itself, it stays as it is
 */
export function encryptedDatabaseUrl(env: DatabaseTls, url: string): string {
  if (!mustBeEncrypted(env, url) || parse(url).ssl !== undefined) return url;
  return `${url}${url.includes("?") ? "&" : "?"}sslmode=verify-full`;
}

/** What is wrong with the way to the database; `undefined` when nothing is. */
export function databaseUrlProblem(env: DatabaseTls, url: string): string | undefined {
  try {
    const { ssl } = parse(url);
    if (ssl === undefined || isVerified(ssl) || !mustBeEncrypted(env, url)) return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" || code === "EACCES"
      ? "DATABASE_URL: must name certificates that are there (sslrootcert, sslcert, sslkey)"
      : "DATABASE_URL: must be a URL; characters such as / # ? @ % in a password are written as %2F %23 %3F %40 %25";
  }
  return "DATABASE_URL: must use TLS and verify the server (sslmode=verify-full), or set DATABASE_TLS=false to do without";
}

function mustBeEncrypted(env: DatabaseTls, url: string): boolean {
  if (env.DATABASE_TLS) return env.DATABASE_TLS === "true";
  return env.NODE_ENV === "production" && !isThisMachine(parse(url).host ?? "");
}

/** Whether node-postgres verifies the server's certificate and its name. */
function isVerified(ssl: unknown): boolean {
  if (typeof ssl !== "object" || ssl === null) return ssl === true || ssl === "true";
  return !("rejectUnauthorized" in ssl && ssl.rejectUnauthorized === false) && !("checkServerIdentity" in ssl);
}

/** Whether a host is reached without a network: a folder of sockets, or an address of the loopback interface. */
function isThisMachine(host: string): boolean {
  return /^(\/.*|localhost|\[?::1\]?)$/.test(host) || (isIPv4(host) && host.startsWith("127."));
}
