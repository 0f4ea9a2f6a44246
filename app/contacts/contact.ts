import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { type contacts, visibilities } from "../db/schema.js";
import { isEmailAddress } from "../email-address.js";

/** A contact, as it is stored and as it is sent as JSON. */
export type Contact = typeof contacts.$inferSelect;

/** Longest value of each field that users fill in, in characters. */
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

/** Name of a field that users fill in. */
export type Field = keyof typeof maxLengths;

/** Names of all fields that users fill in. */
export const fields = Object.keys(maxLengths) as readonly Field[];

// PostgreSQL can store neither NUL nor half a surrogate pair. Only notes may have line breaks.
const CONTROL_IN_LINE = /\p{Cc}/u;
const CONTROL_IN_TEXT = /[^\P{Cc}\n\t]/u;

function line(field: Exclude<Field, "notes">) {
  return text(maxLengths[field], CONTROL_IN_LINE);
}

function text(maxLength: number, control: RegExp) {
  return z
    .string("Must be text.")
    .trim()
    .max(maxLength, `Must have at most ${maxLength} characters.`)
    .refine((value) => value.isWellFormed() && !control.test(value), "Contains characters that cannot be stored.");
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

const optional = {
  email: z.preprocess(emptied, email),
  phone: z.preprocess(emptied, phone),
  company: z.preprocess(emptied, line("company")),
  title: z.preprocess(emptied, line("title")),
  notes: z.preprocess(unixLines, text(maxLengths.notes, CONTROL_IN_TEXT)),
};
const required = {
  firstName: z.preprocess((value) => value ?? "", line("firstName").min(1, "Enter a first name.")),
  lastName: z.preprocess((value) => value ?? "", line("lastName").min(1, "Enter a last name.")),
};

/** Who sees a contact; see {@link Visibility}. */
export const visibility = z.enum(visibilities, "Must be everyone, team or private.");

/** All fields of a contact. Other members of the input, such as an owner or a version, are dropped. */
export const contactFields = z.object({
  ...required,
  email: optional.email.default(""),
  phone: optional.phone.default(""),
  company: optional.company.default(""),
  title: optional.title.default(""),
  notes: optional.notes.default(""),
});

/** The input for a new contact. Later changes of its visibility are not among the fields: see `sharing/access-change.ts`. */
export const newContact = contactFields.extend({ visibility: visibility.default("everyone") });
export type NewContact = z.output<typeof newContact>;

/** The input for a change: any of the fields. Only these are changed. */
export const contactChange = z.object({ ...required, ...optional }).partial();
export type ContactChange = z.output<typeof contactChange>;

/** Whether a contact is already as a change would make it. */
export function changesNothing(
  contact: Contact,
  change: { readonly [Member in keyof Contact]?: Contact[Member] | undefined },
): boolean {
  return isDeepStrictEqual({ ...contact, ...change }, contact);
}
