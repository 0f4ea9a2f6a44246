import { and, desc, eq, inArray, sql } from "drizzle-orm";
import type { Db } from "../../db/database.js";
import { sessions } from "../../db/schema.js";
import { HANDLE_LENGTH, handleOf, hashOf, isHandle } from "./hash.js";
import { isValid } from "./validity.js";

/** A session, as far as its owner needs it to recognize it. */
export interface OwnSession {
  /** Its public name; see {@link sessionHandle}. */
  readonly handle: string;
  /** Such as "Firefox on Windows"; empty when it is not known. */
  readonly device: string;
  /** The network address of its last requests. */
  readonly address: string | null;
  readonly loggedInAt: Date;
  /** When its owner did something in it, give or take a minute. */
  readonly seenAt: Date;
}

/** The sessions of people who are logged in, in all processes. */
export interface PersonSessions {
  /** Those of a person, the one used last first. */
  list(personId: string): Promise<readonly OwnSession[]>;
  /** Those of some sessions, by their ids, that have not ended. It takes one query. */
  alive(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Ends one session of a person. @returns whether it has ended by this; not when it had ended, or is another person's */
  end(personId: string, handle: string): Promise<boolean>;
}

/** @param idleMs - how long an idle user stays logged in, in ms */
export function personSessions(db: Db, idleMs: number): PersonSessions {
  const of = (personId: string) => and(eq(sessions.personId, personId), isValid(idleMs));

  return {
    async list(personId) {
      const { sid: hash, device, address, createdAt: loggedInAt, seenAt } = sessions;
      const found = await db
        .select({ hash, device, address, loggedInAt, seenAt })
        .from(sessions)
        .where(of(personId))
        .orderBy(desc(seenAt));
      return found.map(({ hash, ...session }) => ({ handle: handleOf(hash), ...session }));
    },
    async alive(ids) {
      if (ids.length === 0) return new Set();
      const { sid } = sessions;
      const found = await db
        .select({ sid })
        .from(sessions)
        .where(and(inArray(sid, ids.map(hashOf)), isValid(idleMs)));
      const hashes = new Set(found.map(({ sid }) => sid));
      return new Set(ids.filter((id) => hashes.has(hashOf(id))));
    },
    async end(personId, handle) {
      if (!isHandle(handle)) return false;
      const hasHandle = sql`left(${sessions.sid}, ${HANDLE_LENGTH}) = ${handle}`;
      const ended = await db
        .delete(sessions)
        .where(and(of(personId), hasHandle))
        .returning({ sid: sessions.sid });
      return ended.length > 0;
    },
  };
}
