import { z } from "zod";
import { type contacts, visibilities } from "../db/schema.js";

/** A contact as it is stored, and as JSON shows it. */
export type Contact = typeof contacts.$inferSelect;

/** Longest value of each field that people fill in, in characters. */
const limits = {
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

/** Names of the fields that people fill in. */
export type Field = keyof typeof limits;

export const fields = Object.keys(limits) as readonly Field[];

// PostgreSQL cannot store NUL, and half a surrogate pair is no text. Line breaks are for notes alone.
const CONTROL_IN_LINE = /\p{Cc}/u;
const CONTROL_IN_TEXT = /[^\P{Cc}\n\t]/u;

function line(field: Exclude<Field, "notes">) {
  return text(limits[field], CONTROL_IN_LINE);
}

function text(limit: number, control: RegExp) {
  return z
    .string("Must be text.")
    .trim()
    .max(limit, `Must have at most ${limit} characters.`)
    .refine((value) => value.isWellFormed() && !control.test(value), "Contains characters that cannot be stored.");
}

/** `null`, as JSON clients send it, is an empty field. */
const emptied = (value: unknown) => (value === null ? "" : value);
/** Forms send line breaks as CR LF (HTML Standard, section 4.10.21). */
const unixLines = (value: unknown) => (typeof value === "string" ? value.replace(/\r\n?/g, "\n") : emptied(value));

const email = line("email").refine(
  (value) => value === "" || z.email().safeParse(value).success,
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
  notes: z.preprocess(unixLines, text(limits.notes, CONTROL_IN_TEXT)),
};
const required = {
  firstName: z.preprocess((value) => value ?? "", line("firstName").min(1, "Enter a first name.")),
  lastName: z.preprocess((value) => value ?? "", line("lastName").min(1, "Enter a last name.")),
};

export const visibility = z.enum(visibilities, "Must be everyone, team or private.");

/** The fields as a whole. Everything else in the input, an owner or a version for instance, is left out. */
export const contactFields = z.object({
  ...required,
  email: optional.email.default(""),
  phone: optional.phone.default(""),
  company: optional.company.default(""),
  title: optional.title.default(""),
  notes: optional.notes.default(""),
});

/** What a new contact may bring. Whom others let see it later is not among the fields: see `sharing/access-change.ts`. */
export const newContact = contactFields.extend({ visibility: visibility.default("everyone") });
export type NewContact = z.output<typeof newContact>;

/** What a change may bring: any of the fields, and only those are changed. */
export const contactChange = z.object({ ...required, ...optional }).partial();
export type ContactChange = z.output<typeof contactChange>;
