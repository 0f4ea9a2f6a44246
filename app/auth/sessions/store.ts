import { createHash } from "node:crypto";
import { and, eq, lte, type SQL, sql } from "drizzle-orm";
import type { Request } from "express";
import session, { type SessionData } from "express-session";
import type { Db } from "../../db/database.js";
import { sessions } from "../../db/schema.js";

const PRUNE_INTERVAL_MS = 5 * 60_000;

/** The session of a request has been ended by another request, after this one had read it. */
export class SessionEndedError extends Error {
  /** Whether somebody was logged in to the session. */
  readonly wasLoggedIn: boolean;

  constructor(wasLoggedIn: boolean) {
    super("The session has been ended in the meantime.");
    this.name = "SessionEndedError";
    this.wasLoggedIn = wasLoggedIn;
  }
}

/**
 * Keeps the sessions of express-session in the database, where every process reads them at every request.
 *
 * A session that has ended stays so: only one that begins in a request is inserted by it. One that the request has read is
 * updated if it is still there, and if not, the write does nothing, so that a change which was made is answered as such.
 *
 * The id in the cookie is not stored, but its SHA-256 hash: who reads the table cannot log in with it.
 */
export class SessionStore extends session.Store {
  /** Gives a request a new session. express-session sets it; its types leave it out. */
  declare generate: (req: Request) => void;
  readonly #db: Db;
  readonly #lifetimeMs: (data: SessionData) => number;
  /** The sessions of requests that have a row, or had one. */
  readonly #stored = new WeakSet<object>();
  #nextPruning = 0;

  /** @param lifetimeMs - how long a session is valid that is written now */
  constructor(db: Db, lifetimeMs: (data: SessionData) => number) {
    super();
    this.#db = db;
    this.#lifetimeMs = lifetimeMs;
  }

  override createSession(req: Request, data: SessionData) {
    const read = super.createSession(req, data);
    this.#stored.add(read);
    return read;
  }

  override get(id: string, callback: (error: unknown, data?: SessionData | null) => void): void {
    settle(this.#read(id), callback);
  }

  override set(id: string, data: SessionData, callback?: (error?: unknown) => void): void {
    settle(this.#write(id, data), callback);
  }

  override destroy(id: string, callback?: (error?: unknown) => void): void {
    settle(this.#end(id), callback);
  }

  /**
   * Ends the session of a request and begins another. When another request has ended it already, the request has none from
   * then on, and the callback gets a {@link SessionEndedError}: a login that goes on in an ended session would bring it back.
   */
  override regenerate(req: Request, callback: (error?: unknown) => void): void {
    const old = req.session;
    const replace = async () => {
      const wasThere = await this.#end(req.sessionID);
      if (this.#stored.has(old) && !wasThere) {
        delete (req as Partial<Request>).session;
        throw new SessionEndedError(old.login !== undefined);
      }
      this.generate(req);
    };
    settle(replace(), callback);
  }

  async #read(id: string): Promise<SessionData | null> {
    this.#prune();
    const [row] = await this.#db
      .select({ data: sessions.sess })
      .from(sessions)
      .where(and(has(id), sql`${sessions.expire} > now()`));
    return row ? (row.data as SessionData) : null;
  }

  async #write(id: string, data: SessionData): Promise<void> {
    const { passport, ...kept } = data;
    const row = { sess: kept, expire: sql`now() + ${this.#lifetimeMs(data)} * interval '1 ms'` };
    if (this.#stored.has(data)) {
      await this.#db.update(sessions).set(row).where(has(id));
    } else {
      // There is a row when the database did not answer in time, and the request tries again.
      const insertion = this.#db.insert(sessions).values({ sid: hashOf(id), ...row });
      await insertion.onConflictDoUpdate({ target: sessions.sid, set: row });
      this.#stored.add(data);
    }
  }

  /** Ends a session. Returns whether it was there. */
  async #end(id: string): Promise<boolean> {
    const ended = await this.#db.delete(sessions).where(has(id)).returning({ sid: sessions.sid });
    return ended.length > 0;
  }

  /** Deletes what has expired, every five minutes at most. Requests do not wait for it, and do not fail when it fails. */
  #prune(): void {
    if (Date.now() < this.#nextPruning) return;
    this.#nextPruning = Date.now() + PRUNE_INTERVAL_MS;
    this.#db
      .delete(sessions)
      .where(lte(sessions.expire, sql`now()`))
      .catch(() => {});
  }
}

function has(id: string): SQL {
  return eq(sessions.sid, hashOf(id));
}

export function hashOf(id: string): string {
  return createHash("sha256").update(id).digest("base64url");
}

function settle<T>(promise: Promise<T>, callback: (error: unknown, result?: T) => void = () => {}): void {
  // Outside of the promise, so that what the callback throws does not count as the promise's error.
  promise.then(
    (result) => process.nextTick(callback, null, result),
    (error) => process.nextTick(callback, error),
  );
}
