import type { Request } from "express";
import type { Db } from "../db/database.js";
import type { Person } from "./claims.js";

/**
 * Why a login failed, or a session ended. These words are all that an event says: never what Okta or a browser sent,
 * which may be anything.
 */
export type SessionReason =
  /** Of a login: Okta did not let the user in. */
  | "refused_by_okta"
  /** Of a login: its state, nonce or code was not that of a login which this browser had begun, or was used already. */
  | "not_begun_here"
  /** Of a login: Okta did not answer. */
  | "okta_unavailable"
  /** Of a login: the tokens are not valid, or do not say who it is. */
  | "invalid_tokens"
  /** Of an ended session: nothing was done in it for too long. */
  | "idle"
  /** Of an ended session: its login was too long ago. */
  | "too_old"
  /** Of an ended session: another login has taken its place in the same browser. */
  | "replaced"
  /** Of a login: the access of its user was revoked after it had begun. */
  | "revoked_meanwhile"
  /** Of what was revoked: the person has ended it from another session. */
  | "by_owner"
  /** Of what was revoked: an administrator of this app has ended it. */
  | "by_administrator"
  /** Of what was revoked: Okta has asked for it, by Universal Logout. */
  | "by_okta"
  /** Of what was revoked: the person's session at Okta has ended. */
  | "ended_in_okta"
  /** Of what was revoked, or of a login that was refused: its user is not active in Okta, or not known there. */
  | "not_active";

/** Something that happened to the session of a browser. */
export interface SessionEvent {
  /**
   * - `login`: a login was completed, or failed
   * - `logout`: its owner has ended it
   * - `end`: it has ended by itself, or another login has taken its place
   * - `revoke`: it was ended from elsewhere
   * - `revoke_all`: everything that a person had is void: their sessions, each with an event of its own, and access tokens
   */
  readonly action: "login" | "logout" | "end" | "revoke" | "revoke_all";
  /** `deny` for a login that failed, `allow` for everything else. */
  readonly effect: "allow" | "deny";
  /**
   * Whose session it is; `null` when that is not known, as for a login that failed. With a directory, the roles are those that
   * it has, or none: never those that the login once said.
   */
  readonly person: Pick<Person, "id" | "roles" | "directoryVersion"> | null;
  /**
   * Names the session in public; see {@link sessionHandle}. Never the id in the cookie, by which anybody could use it.
   * `null` when there is none.
   */
  readonly session: string | null;
  /** The id of who made it happen, where that is not the person. */
  readonly askedBy?: string;
  readonly reason: SessionReason | null;
}

/** Where the events of sessions go. `app.ts` and `main.ts` hand in the decision log. */
export interface SessionEvents {
  /**
   * Takes an event. The source address and the ids of the request are added to it.
   *
   * Call it for a login before the session is stored: no login is without its record. For everything else call it after
   * the session has ended: ending a session must not fail because it cannot be recorded.
   *
   * @param req - the request that made it happen; `null` for a session that has ended by itself
   * @throws DecisionNotRecordedError 503 when a completed login cannot be recorded: it must be refused then. Other events
   *   never throw, and never wait.
   */
  record(event: SessionEvent, req: Request | null): Promise<void>;
  /**
   * Takes events in the transaction of what they tell of: they are recorded if that happens, and only then.
   *
   * @param req - as {@link record} takes it
   * @throws what the database throws; the transaction must be given up then
   */
  recordIn(tx: Db, events: readonly SessionEvent[], req: Request | null): Promise<void>;
}
