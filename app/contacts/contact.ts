import { isDeepStrictEqual } from "node:util";
import { getTableColumns } from "drizzle-orm";
import { z } from "zod";
import { contacts, visibilities } from "../db/schema.js";
import { managersIn } from "../directory/managers.js";
import { isEmailAddress } from "../email-address.js";
import { isVisible, turnsDirection } from "../visible-text.js";
import { tagsInput } from "./tags.js";

const {
  internationalEmailKey,
  emailKey,
  emailIsDuplicate,
  nameFolded,
  emailFolded,
  companyFolded,
  titleFolded,
  searchText,
  ...shown
} = getTableColumns(contacts);

/** The columns of a contact, and its owner's managers; not what is there for searches and comparisons alone. */
export const shownColumns = { ...shown, managers: managersIn(contacts.ownerId).as("managers") };

/** A contact. */
export type Contact = Pick<typeof contacts.$inferSelect, keyof typeof shown> & {
  /** The ids of those whom its owner reports to, directly or not, the closest first. */
  readonly managers: readonly string[];
};

/** Longest value of each text that users fill in, in characters. */
const maxLengths = {
  firstName: 100,
  lastName: 100,
  email: 254,
  phone: 40,
  company: 200,
  title: 200,
  notes: 5_000,
} as const;

/** Who sees a contact besides its owner and those whom it is shared with. */
export type Visibility = Contact["visibility"];

/** Name of a text that users fill in. Tags are filled in, too: see `tags.ts`. */
export type Field = keyof typeof maxLengths;

/** Names of all texts that users fill in. */
export const fields = Object.keys(maxLengths) as readonly Field[];

// PostgreSQL can store neither NUL nor half a surrogate pair. Only notes may have line breaks.
const CONTROL_IN_LINE = /\p{Cc}/u;
const CONTROL_IN_TEXT = /[^\P{Cc}\n\t]/u;

function line(field: Exclude<Field, "notes">) {
  return text(maxLengths[field], CONTROL_IN_LINE).refine(
    (value) => !turnsDirection(value),
    "Contains characters that turn the direction of text.",
  );
}

function text(maxLength: number, control: RegExp) {
  return (
    z
      .string("Must be text.")
      // The same text has one form, whether its letters came composed or not.
      .normalize("NFC")
      .trim()
      .max(maxLength, `Must have at most ${maxLength} characters.`)
      .refine((value) => value.isWellFormed() && !control.test(value), "Contains characters that cannot be stored.")
  );
}

/** JSON clients may send `null` for an empty field. */
const emptied = (value: unknown) => (value === null ? "" : value);
/** Forms send line breaks as CR LF (HTML Standard, section 4.10.21). */
const unixLines = (value: unknown) => (typeof value === "string" ? value.replace(/\r\n?/g, "\n") : emptied(value));

const email = line("email").refine(
  (value) => value === "" || isEmailAddress(value),
  "Must be an e-mail address, such as name@example.com.",
);
const phone = line("phone").refine(
  (value) => value === "" || /\p{Nd}/u.test(value),
  "Must be a phone number, such as +44 20 7946 0000.",
);

/** Of a text of which nothing can be seen nothing is kept. */
const visible = (value: string) => (isVisible(value) ? value : "");

const optional = {
  email: z.preprocess(emptied, email),
  phone: z.preprocess(emptied, phone),
  company: z.preprocess(emptied, line("company").transform(visible)),
  title: z.preprocess(emptied, line("title").transform(visible)),
  notes: z.preprocess(unixLines, text(maxLengths.notes, CONTROL_IN_TEXT)),
};
function name(field: "firstName" | "lastName") {
  const isName = (value: string) => value === "" || isVisible(value);
  return z.preprocess(emptied, line(field).refine(isName, "Contains nothing that can be seen."));
}
const names = { firstName: name("firstName"), lastName: name("lastName") };

/** Whether there is one of a first and a last name. */
export function hasName({ firstName, lastName }: Pick<Contact, "firstName" | "lastName">): boolean {
  return firstName !== "" || lastName !== "";
}
export const NAME_MISSING = "Enter a first name, a last name or both.";
/** So that it is said together with what is wrong in other fields. */
const nameMissing = { path: ["firstName"], error: NAME_MISSING, when: () => true };
const isNamed = ({ firstName, lastName }: { firstName?: string | undefined; lastName?: string | undefined }) => {
  // A name that is wrong has a message of its own.
  return firstName === undefined || lastName === undefined || hasName({ firstName, lastName });
};

/** Who sees a contact; see {@link Visibility}. */
export const visibility = z.enum(visibilities, "Must be everyone, team or private.");

const allFields = z.object({
  firstName: names.firstName.default(""),
  lastName: names.lastName.default(""),
  email: optional.email.default(""),
  phone: optional.phone.default(""),
  company: optional.company.default(""),
  title: optional.title.default(""),
  notes: optional.notes.default(""),
  // Left out, they stay as they are: the forms of earlier versions have none.
  tags: tagsInput.optional(),
});

/** All fields of a contact. Other members of the input, such as an owner or a version, are dropped. */
export const contactFields = allFields.refine(isNamed, nameMissing);

/** The input for a new contact. Later changes of its visibility are not among the fields: see `sharing/access-change.ts`. */
export const newContact = allFields.extend({ visibility: visibility.default("everyone") }).refine(isNamed, nameMissing);
export type NewContact = z.output<typeof newContact>;

/** The input for a change: any of the fields. Only these are changed. A name must be left: see {@link hasName}. */
export const contactChange = z
  .object({ ...names, ...optional, tags: tagsInput })
  .partial()
  .refine(isNamed, nameMissing);
export type ContactChange = z.output<typeof contactChange>;

/** Whether a contact is already as a change would make it. */
export function changesNothing(
  contact: Contact,
  change: { readonly [Member in keyof Contact]?: Contact[Member] | undefined },
): boolean {
  return isDeepStrictEqual({ ...contact, ...change }, contact);
}
