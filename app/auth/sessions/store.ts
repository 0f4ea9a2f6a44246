import { and, eq, not, type SQL, sql } from "drizzle-orm";
import type { Request } from "express";
import session, { type SessionData } from "express-session";
import type { Db } from "../../db/database.js";
import { sessions } from "../../db/schema.js";
import { deviceOf } from "./device.js";
import { hashOf } from "./hash.js";
import { isUnexpired, isValid, milliseconds } from "./validity.js";

const PRUNE_INTERVAL_MS = 5 * 60_000;
/** Longest time between a request and the next one that counts as a sign of life. */
const MAX_TOUCH_INTERVAL_MS = 60_000;

/** The session of a request has been ended by another request, after this one had read it. */
export class SessionEndedError extends Error {
  /** Whether a user was logged in to the session. */
  readonly wasLoggedIn: boolean;

  constructor(wasLoggedIn: boolean) {
    super("The session has been ended in the meantime.");
    this.name = "SessionEndedError";
    this.wasLoggedIn = wasLoggedIn;
  }
}

/** A session that has ended by itself. */
export interface ExpiredSession {
  /** The hash of its id. */
  readonly hash: string;
  readonly data: SessionData;
  /** Whether its login was too long ago; otherwise nothing was done in it for too long. */
  readonly isTooOld: boolean;
}

/** How a {@link SessionStore} treats sessions. */
export interface StoreOptions {
  /** How long a session is valid that is written now, in ms, whatever is done in it. */
  readonly lifetimeMs: (data: SessionData) => number;
  /** How long an idle user stays logged in, in ms. */
  readonly idleMs: number;
  /** The network address that a request comes from; `null` when it is not known. */
  readonly addressOf: (req: Request) => string | null;
  /** Called for each session that has ended by itself, within minutes after its end, by one of the processes. */
  readonly onExpired: (expired: ExpiredSession) => void;
}

/**
 * Keeps the sessions of express-session in the database, where every process reads them at every request.
 *
 * A session that has ended stays so: only one that begins in a request is inserted by it. One that the request has read is
 * updated if it is still there, and if not, the write does nothing, so that a change which was made is answered as such.
 *
 * The id in the cookie is not stored, but its hash: who reads the table cannot log in with it.
 */
export class SessionStore extends session.Store {
  /** Gives a request a new session. express-session sets it; its types leave it out. */
  declare generate: (req: Request) => void;
  readonly #db: Db;
  readonly #options: StoreOptions;
  /** The sessions of requests that have a row, or had one. */
  readonly #stored = new WeakSet<object>();
  /** What has been read of sessions for which the last sign of life was some time ago. */
  readonly #unseen = new WeakSet<object>();
  #nextPruning = 0;

  constructor(db: Db, options: StoreOptions) {
    super();
    this.#db = db;
    this.#options = options;
  }

  override createSession(req: Request, data: SessionData) {
    const read = super.createSession(req, data);
    this.#stored.add(read);
    if (this.#unseen.has(data)) this.#unseen.add(read);
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

  /** Called at the end of each answer that does not change the session. It writes now and then. */
  override touch(id: string, data: SessionData, callback?: () => void): void {
    settle(this.#see(id, data), callback);
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
    const touchMs = Math.min(MAX_TOUCH_INTERVAL_MS, this.#options.idleMs / 10);
    const [row] = await this.#db
      .select({ data: sessions.sess, isUnseen: sql<boolean>`${sessions.seenAt} < now() - ${milliseconds(touchMs)}` })
      .from(sessions)
      .where(and(has(id), isValid(this.#options.idleMs)));
    if (!row) return null;
    const data = row.data as SessionData;
    if (row.isUnseen) this.#unseen.add(data);
    return data;
  }

  async #write(id: string, data: SessionData): Promise<void> {
    const { passport, ...kept } = data;
    const { login } = data;
    const row = {
      sess: kept,
      expire: sql`now() + ${milliseconds(this.#options.lifetimeMs(data))}`,
      seenAt: sql`now()`,
      ...(login && { personId: String(login.claims.sub), ...this.#origin(data) }),
      // Sessions of earlier versions of the app do not say it.
      ...(login?.begunAt !== undefined && { loginBegunAt: new Date(login.begunAt) }),
    };
    if (this.#stored.has(data)) {
      await this.#db.update(sessions).set(row).where(has(id));
    } else {
      // There is a row when the database did not answer in time, and the request tries again.
      const insertion = this.#db.insert(sessions).values({ sid: hashOf(id), ...row });
      await insertion.onConflictDoUpdate({ target: sessions.sid, set: row });
      this.#stored.add(data);
    }
  }

  /** Does not fail: the next request comes soon. */
  async #see(id: string, data: SessionData): Promise<void> {
    // What a page asks for by itself is no sign of life of its user.
    if (!this.#unseen.has(data) || requestOf(data).get("accept")?.includes("text/event-stream")) return;
    const seen = { seenAt: sql`now()`, ...this.#origin(data) };
    const update = this.#db.update(sessions).set(seen).where(has(id));
    await update.catch(() => {});
  }

  /** Where the request of a session comes from, as far as its owner needs it to recognize the session. */
  #origin(data: SessionData): { address: string | null; device: string } {
    const req = requestOf(data);
    return { address: this.#options.addressOf(req), device: deviceOf(req.get("user-agent") ?? "") };
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
      .where(not(isUnexpired(this.#options.idleMs)))
      .returning({
        hash: sessions.sid,
        data: sessions.sess,
        isTooOld: sql<boolean>`${sessions.expire} <= now()`,
      })
      .then((rows) => {
        for (const row of rows) this.#options.onExpired({ ...row, data: row.data as SessionData });
      })
      .catch(() => {});
  }
}

function has(id: string): SQL {
  return eq(sessions.sid, hashOf(id));
}

/** The request of a session. express-session keeps it there; its types leave it out. */
function requestOf(data: SessionData): Request {
  return (data as unknown as { req: Request }).req;
}

function settle<T>(promise: Promise<T>, callback: (error: unknown, result?: T) => void = () => {}): void {
  // Outside of the promise, so that what the callback throws does not count as the promise's error.
  promise.then(
    (result) => process.nextTick(callback, null, result),
    (error) => process.nextTick(callback, error),
  );
}
