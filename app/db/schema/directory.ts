import { sql } from "drizzle-orm";
import {
  bigint,
  bigserial,
  boolean,
  check,
  index,
  integer,
  json,
  pgSequence,
  pgTable,
  primaryKey,
  text,
} from "drizzle-orm/pg-core";
import { addressKeyOf, comparable, emailKeyOf, moment, optionalComparable } from "./columns.js";

/** Orders what has been read from Okta: see `app/directory/store/reads.ts`. */
export const oktaReads = pgSequence("okta_reads");

/** What a read from Okta has to be newer than to replace a row: the number that the read behind the row had. */
const readNumber = (name: string) => bigint(name, { mode: "number" }).notNull().default(0);

/**
 * People: Okta's users where the directory follows Okta, and those who have logged in where it does not. Contacts can be
 * shared with them, and transferred to them, by their e-mail address. Services are here for their names alone.
 */
export const people = pgTable(
  "people",
  {
    /** Okta's user id. */
    id: text("id").primaryKey(),
    email: text("email").notNull(),
    name: text("name").notNull(),
    department: text("department").notNull(),
    /** As policies see them. A user without roles cannot use what is shared with them. */
    roles: text("roles").array().notNull().default(sql`'{}'`),
    seenAt: moment("seen_at").notNull().defaultNow(),
    /** The address, where a login has said that it is verified. Another `email` is not. */
    verifiedEmail: text("verified_email"),
    internationalEmailKey: text("international_email_key"),
    emailKey: comparable("email_key").generatedAlwaysAs(emailKeyOf),
    /** Whether it is a service, which has used an access token of its own. Its id is its client id. */
    isService: boolean("is_service").notNull().default(false),
    /** Since when nothing but the id is kept: see `app/directory/store/erasure.ts`. */
    erasedAt: moment("erased_at"),

    // What follows comes from Okta's Management API. Where it is not read, these columns keep their defaults.
    /** Okta's status of the user, in its words. NULL: known from logins alone. */
    status: text("status"),
    /** The name by which they log in. */
    login: text("login").notNull().default(""),
    internationalLoginKey: text("international_login_key"),
    loginKey: comparable("login_key").generatedAlwaysAs(addressKeyOf("login")),
    title: text("title").notNull().default(""),
    /** As their profile has it: it need not be a zone that there is. */
    timeZone: text("time_zone").notNull().default(""),
    /** Further attributes of their profile that policies may look at, by name. */
    attributes: json("attributes").$type<Readonly<Record<string, unknown>>>().notNull().default({}),
    /** Whom their profile names as their manager, and the key by which that is a login or an e-mail address; NULL: nobody. */
    managerText: text("manager_text"),
    managerKey: optionalComparable("manager_key"),
    /** Who that is: see `app/directory/store/managers.ts`. NULL: nobody, or it is in doubt. */
    managerId: text("manager_id"),
    /** Since when they are a tombstone: deactivated or deleted in Okta, or erased. Only their name and past are left. */
    goneAt: moment("gone_at"),
    /** The read that the profile is from. */
    profileRead: readNumber("profile_read"),
    /** When what it found was written; NULL: not noted, as by earlier versions of the app. */
    readAt: moment("read_at"),
    /** The read that the memberships are from; 0: they have not been read yet, and nothing is known of the roles. */
    groupsRead: readNumber("groups_read"),
    /** The directory's version that the last change of the user or their memberships made. */
    version: bigint("version", { mode: "number" }).notNull().default(0),

    // What follows is for searches and sorts alone.
    /** An entry of an index has at most 2,704 bytes. */
    nameFolded: comparable("name_folded").notNull().generatedAlwaysAs(sql`left(fold_text(name), 200)`),
    searchText: comparable("search_text")
      .notNull()
      .generatedAlwaysAs(sql`fold_text(name || E'\\t' || email || E'\\t' || login)`),
  },
  (table) => [
    index("people_by_email").on(table.emailKey),
    index("people_by_version").on(table.version),
    index("people_by_name").on(table.nameFolded, table.id),
    // For the contacts whose owner has left.
    index("people_gone").on(table.id).where(sql`${table.goneAt} is not null`),
    // Texts of any length: an entry of another index has a limit.
    index("people_by_login").using("hash", table.loginKey),
    index("people_by_manager_key").using("hash", table.managerKey),
    index("people_by_manager").on(table.managerId),
  ],
);

/** Okta's groups. */
export const groups = pgTable("directory_groups", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  /** `OKTA_GROUP`, `APP_GROUP`, `BUILT_IN`, or what Okta adds to them. */
  type: text("type").notNull(),
  read: readNumber("read"),
  /** Since when it is deleted in Okta. The row stays, so that what was read earlier does not bring the group back. */
  goneAt: moment("gone_at"),
});

/** Who is in which group. Those of a tombstone are none. */
export const memberships = pgTable(
  "directory_memberships",
  {
    personId: text("person_id").notNull(),
    groupId: text("group_id").notNull(),
    /** The last reconciliation's read of the group's members that had it. */
    seen: readNumber("seen"),
  },
  (table) => [
    primaryKey({ columns: [table.personId, table.groupId] }),
    index("directory_memberships_by_group").on(table.groupId),
  ],
);

/**
 * Who reports to whom, directly or not: the closure of `people.manager_id` without what is in a circle or too long. See
 * `app/directory/store/reports.ts`.
 */
export const reports = pgTable(
  "directory_reports",
  {
    personId: text("person_id").notNull(),
    managerId: text("manager_id").notNull(),
    /** 1 of one's own manager, 2 of that one's, and so on. */
    distance: integer("distance").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.personId, table.managerId] }),
    index("directory_reports_by_manager").on(table.managerId, table.personId),
  ],
);

/** What is to be read anew from Okta, because something may have happened to it. */
export const directoryInbox = pgTable(
  "directory_inbox",
  {
    kind: text("kind", { enum: ["user", "group"] }).notNull(),
    id: text("id").notNull(),
    /** Grows with each ring: an entry is done when it has not been rung for again since it was taken. */
    ring: bigserial("ring", { mode: "number" }).notNull(),
    source: text("source").notNull(),
    /** Whether something has just happened to it, by what a hook or the log says. It comes before what runs over all find. */
    isUrgent: boolean("is_urgent").notNull().default(true),
    /** The first ring that has not been answered yet. */
    arrivedAt: moment("arrived_at").notNull().defaultNow(),
    /** How often it could not be read, and when it may be tried again. */
    failures: integer("failures").notNull().default(0),
    notBefore: moment("not_before").notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.kind, table.id] }),
    index("directory_inbox_order").on(table.isUrgent.desc(), table.arrivedAt),
  ],
);

/** How far the directory has followed Okta: a single row. */
export const directoryState = pgTable(
  "directory_state",
  {
    only: integer("only").primaryKey().default(1),
    /** Grows with every change of the directory. */
    version: bigint("version", { mode: "number" }).notNull().default(0),
    /** The version at which a group last changed, which may concern the roles of any user. */
    groupsVersion: bigint("groups_version", { mode: "number" }).notNull().default(0),
    /** The Okta organization that the directory is of. */
    org: text("org"),
    /** The attribute of profiles that names managers. */
    managerAttribute: text("manager_attribute"),
    /** Since when each change of people is one of who reports to whom; NULL: not yet, and nobody reports to anybody. */
    reportsKeptSince: moment("reports_kept_since"),
    /** When the first load was complete; NULL: it is not. */
    loadedAt: moment("loaded_at"),
    /** Where the first load or a reconciliation goes on: see `app/directory/sync/`. */
    progress: json("progress").$type<unknown>(),
    /** The link to the next page of the System Log. */
    logCursor: text("log_cursor"),
    /** When a read of the log began that came to its end. */
    logReadAt: moment("log_read_at"),
    /** The time, of Okta's clock, from which on users and groups have to be asked for that changed. */
    changedSince: text("changed_since"),
    reconciledAt: moment("reconciled_at"),
    /** What would remove too many at once, and waits for an administrator or a second run. */
    brake: json("brake").$type<unknown>(),
    /** The process that leads, and until when it does unless it says so again. */
    leader: text("leader"),
    leaderUntil: moment("leader_until"),
  },
  (table) => [check("directory_state_only", sql`${table.only} = 1`)],
);

/** What went wrong or is worth knowing in the last runs, for the page of the directory. */
export const directoryEvents = pgTable("directory_events", {
  seq: bigint("seq", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
  time: moment("time").notNull().defaultNow(),
  /** A word for what it is, such as `hook`, `log`, `delta`, `reconciliation`, `brake`, `failure`. */
  kind: text("kind").notNull(),
  /** In plain words, without personal data. */
  text: text("text").notNull(),
});
