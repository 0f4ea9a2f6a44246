import { sql } from "drizzle-orm";
import {
  boolean,
  check,
  index,
  integer,
  json,
  pgTable,
  text,
  timestamp,
  uniqueIndex,
  uuid,
  varchar,
} from "drizzle-orm/pg-core";
import { comparable, emailKeyOf, moment, shortParts } from "./schema/columns.js";

export * from "./schema/access-requests.js";
export { folded, shortParts } from "./schema/columns.js";
export * from "./schema/contact-names.js";
export * from "./schema/decisions.js";
export * from "./schema/directory.js";
export * from "./schema/handovers.js";
export * from "./schema/saved-views.js";

/** Who sees a contact besides its owner and those whom it is shared with. */
export const visibilities = ["everyone", "team", "private"] as const;

export const contacts = pgTable(
  "contacts",
  {
    id: uuid("id").primaryKey().default(sql`gen_random_uuid()`),
    firstName: text("first_name").notNull(),
    lastName: text("last_name").notNull(),
    email: text("email").notNull().default(""),
    phone: text("phone").notNull().default(""),
    company: text("company").notNull().default(""),
    title: text("title").notNull().default(""),
    notes: text("notes").notNull().default(""),
    tags: text("tags").array().notNull().default(sql`'{}'`),
    ownerId: text("owner_id").notNull(),
    visibility: text("visibility", { enum: visibilities }).notNull().default("everyone"),
    /** The owner's department at the time when they became the owner; empty when none was known. */
    department: text("department").notNull().default(""),
    /** Ids of people, including those who may change the contact. */
    sharedWith: text("shared_with").array().notNull().default(sql`'{}'`),
    editors: text("editors").array().notNull().default(sql`'{}'`),
    createdAt: moment("created_at").notNull().defaultNow(),
    updatedAt: moment("updated_at").notNull().defaultNow(),
    version: integer("version").notNull().default(1),

    // What follows is for searches and comparisons alone, and no part of a contact as it is shown.
    /** The key of an address that is not ASCII alone. */
    internationalEmailKey: text("international_email_key"),
    emailKey: comparable("email_key").generatedAlwaysAs(emailKeyOf),
    /** Whether the owner had a contact with this address when somebody else gave them this one, or gave it the address. */
    emailIsDuplicate: boolean("email_is_duplicate").notNull().default(false),
    // For sorts. Some letters become many when they are folded, and an entry of an index has at most 2,704 bytes.
    /** By the last name, then by the first; by the only one, where there is one. */
    nameFolded: comparable("name_folded")
      .notNull()
      .generatedAlwaysAs(
        sql`case when last_name = '' then left(fold_text(first_name), 100)
          when first_name = '' then left(fold_text(last_name), 100)
          else left(fold_text(last_name), 100) || E'\\t' || left(fold_text(first_name), 100) end`,
      ),
    emailFolded: comparable("email_folded").notNull().generatedAlwaysAs(sql`left(fold_text(email), 254)`),
    companyFolded: comparable("company_folded").notNull().generatedAlwaysAs(sql`left(fold_text(company), 200)`),
    titleFolded: comparable("title_folded").notNull().generatedAlwaysAs(sql`left(fold_text(title), 200)`),
    /** All that a search looks through. Of a phone number with a part to leave out, as (0), both forms, in digits. */
    searchText: comparable("search_text")
      .notNull()
      .generatedAlwaysAs(
        sql`fold_text(first_name || E'\\t' || last_name || E'\\t' || email || E'\\t' || company || E'\\t' || title || E'\\t' || phone || E'\\t' || joined_texts(tags))
          || E'\\t' || regexp_replace(fold_text(phone), '[^0-9]', '', 'g')
          || E'\\t' || regexp_replace(fold_text(replace(phone, '(0)', '')), '[^0-9]', '', 'g')`,
      ),
  },
  (table) => [
    // An owner has each e-mail address once, as far as the owner says. Other owners may have it too: nobody learns who else
    // knows a contact. So what others do to an owner's contacts makes a duplicate, and is not refused.
    uniqueIndex("contacts_owner_email").on(table.ownerId, table.emailKey).where(sql`not ${table.emailIsDuplicate}`),
    // For each sort of a list.
    index("contacts_by_name").on(table.nameFolded, table.id),
    index("contacts_by_email").on(table.emailFolded, table.id),
    index("contacts_by_company").on(table.companyFolded, table.id),
    index("contacts_by_title").on(table.titleFolded, table.id),
    index("contacts_by_creation").on(table.createdAt, table.id),
    index("contacts_by_change").on(table.updatedAt, table.id),
    // For searches: which rows have each three letters or digits, and each one and two characters.
    index("contacts_by_search").using("gin", table.searchText.op("gin_trgm_ops")),
    index("contacts_by_short_part").using("gin", shortParts(table.searchText)),
    index("contacts_by_tag").using("gin", table.tags),
    // For lists: each reason for which the policy lets a user see a contact has its index.
    index("contacts_by_owner").on(table.ownerId),
    index("contacts_by_visibility").on(table.visibility, table.department),
    index("contacts_by_sharing").using("gin", table.sharedWith),
    check("contacts_visibility", sql`${table.visibility} in ('everyone', 'team', 'private')`),
    check("contacts_editors_see", sql`${table.editors} <@ ${table.sharedWith}`),
  ],
);

/**
 * What strangers have spent of their budgets, as rate-limiter-flexible keeps it. It is lost when PostgreSQL crashes, and not
 * replicated (`UNLOGGED`), which it is written too often for.
 */
export const rateLimits = pgTable("rate_limits", {
  /** The budget, and a keyed hash of whose it is. */
  key: text("key").primaryKey(),
  points: integer("points").notNull(),
  /** When the budget is whole again. */
  expire: moment("expire").notNull(),
});

/** Of whom access was revoked: what a person had until then is void. See `app/auth/revocation/`. */
export const revocations = pgTable("revocations", {
  personId: text("person_id").primaryKey(),
  /** Sessions whose login began until then, and tokens issued until then, are refused. */
  voidUntil: moment("void_until").notNull(),
});

/** Logouts from this app, as long as Okta may still say that they have ended its sessions too. */
export const ownLogouts = pgTable(
  "own_logouts",
  {
    personId: text("person_id").notNull(),
    at: moment("at").notNull().defaultNow(),
  },
  (table) => [index("own_logouts_by_person").on(table.personId, table.at), index("own_logouts_by_time").on(table.at)],
);

/** The ids of logout requests of Okta's that were answered, as long as they could be sent again. */
export const usedLogoutTokens = pgTable(
  "used_logout_tokens",
  {
    jti: text("jti").primaryKey(),
    /** From then on the request is refused as expired. */
    expiresAt: moment("expires_at").notNull(),
  },
  (table) => [index("used_logout_tokens_expiry").on(table.expiresAt)],
);

/** Sessions of browsers. Columns that version 0.1 does not know have defaults, or are NULL in what it writes. */
export const sessions = pgTable(
  "session",
  {
    /** The hash of the id in the cookie. */
    sid: varchar("sid").primaryKey(),
    sess: json("sess").notNull(),
    expire: timestamp("expire", { precision: 6, withTimezone: true }).notNull(),
    /** Who is logged in. */
    personId: text("person_id"),
    createdAt: moment("created_at").notNull().defaultNow(),
    /** When the browser was sent to Okta for the login: a revocation until then or later makes it void. */
    loginBegunAt: moment("login_begun_at").notNull().defaultNow(),
    /** When its owner did something in it, give or take a minute. */
    seenAt: moment("seen_at").notNull().defaultNow(),
    /** The network address of its last requests; NULL when it is not known. */
    address: text("address"),
    /** What its browser calls itself; empty when it is not known. */
    device: text("device").notNull().default(""),
  },
  (table) => [index("session_expire").on(table.expire), index("session_by_person").on(table.personId)],
);
