import { z } from "zod";
import { type AttributeValue, attributeValue, isUnusable } from "./attribute-values.js";
import { OktaApiError } from "./errors.js";

/** A user, as far as the directory keeps them. What Okta does not say is "". */
export interface OktaUser {
  readonly id: string;
  /** Okta's word for it, also one that is not known here. */
  readonly status: string;
  readonly login: string;
  readonly email: string;
  /** The display name, or else first and last name. */
  readonly name: string;
  /** Without spaces around. Empty, too, where policies cannot rely on it: `attributes` says so then, by its name. */
  readonly department: string;
  readonly title: string;
  /** As their profile has it, under Okta's name `timezone`. */
  readonly timeZone: string;
  /** What names their manager, without spaces around: free text. */
  readonly manager: string;
  /** Each of the attributes that were asked for, by name. */
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /** ISO 8601. */
  readonly lastUpdated: string;
}

/** A group, as far as the directory keeps it. */
export interface OktaGroup {
  readonly id: string;
  readonly name: string;
  /** `OKTA_GROUP`, `APP_GROUP`, `BUILT_IN`, or a word that is not known here. */
  readonly type: string;
  readonly lastUpdated: string;
  readonly lastMembershipUpdated: string;
}

/** An event of the System Log, as far as the directory reads it. */
export interface OktaLogEvent {
  readonly uuid: string;
  /** ISO 8601. */
  readonly published: string;
  /** Such as `group.user_membership.add`. */
  readonly eventType: string;
  /** Who made it happen; `undefined`: it does not say so. */
  readonly actor: OktaTarget | undefined;
  /** What it happened to; those without an id are left out. */
  readonly targets: readonly OktaTarget[];
}

/** What an event happened to, or who made it happen. */
export interface OktaTarget {
  readonly id: string;
  /** Such as `User` or `UserGroup`. */
  readonly type: string;
}

/** What ids of Okta's are made of. Anything else could change the path of a request: `..` leads to another one. */
export const OKTA_ID = /^[\w-]{1,100}$/;

const id = z.string().regex(OKTA_ID);
const withId = z.object({ id });
/** Okta writes `null` for what is empty. */
const optionalText = z.string().nullish();
const text = optionalText.transform((value) => value ?? "");

const profile = z.looseObject({
  login: z.string().min(1),
  email: optionalText,
  displayName: optionalText,
  firstName: optionalText,
  lastName: optionalText,
  department: optionalText,
  title: optionalText,
});

/** Which attributes are read of profiles besides those that all have. */
interface ReadAttributes {
  /** Their names. */
  readonly attributes: readonly string[];
  /** The name of the one that names managers. */
  readonly managerAttribute: string;
}

/** The shape of a user in the Users API. */
export function userShape({ attributes, managerAttribute }: ReadAttributes): z.ZodType<OktaUser> {
  return z
    .object({ id, status: z.string().min(1), lastUpdated: text, profile })
    .transform(({ profile: fields, ...user }): OktaUser => {
      const { login, displayName, firstName, lastName } = fields;
      const name = displayName?.trim() || `${firstName ?? ""} ${lastName ?? ""}`.trim();
      const inProfile = (attribute: string) =>
        attributeValue(Object.hasOwn(fields, attribute) ? fields[attribute] : null);
      const further = Object.fromEntries(attributes.map((attribute) => [attribute, inProfile(attribute)]));
      const department = inProfile("department");
      const manager = inProfile(managerAttribute);
      const timeZone = inProfile("timezone");
      return {
        ...{ ...user, login, name, email: fields.email ?? "", title: fields.title ?? "" },
        department: typeof department === "string" ? department.trim() : "",
        timeZone: typeof timeZone === "string" ? timeZone.trim() : "",
        // What is no text names nobody.
        manager: typeof manager === "string" ? manager.trim() : "",
        attributes: { ...further, ...(isUnusable(department) && { department }) },
      };
    });
}

/** The shape of a group in the Groups API. */
export const groupShape: z.ZodType<OktaGroup> = z
  .object({
    id,
    type: z.string().min(1),
    lastUpdated: text,
    lastMembershipUpdated: text,
    profile: z.object({ name: z.string().min(1) }),
  })
  .transform(({ profile: { name }, ...group }) => ({ ...group, name }));

/** The shape of a member of a group: a user, of whom only the id is read. */
export const memberShape: z.ZodType<string> = withId.transform((member) => member.id);

const entity = z.object({ id: text, type: text });

/** The shape of an event, in the System Log API and in event hooks. */
export const logEventShape: z.ZodType<OktaLogEvent> = z
  .object({
    uuid: z.string().min(1),
    published: text,
    eventType: z.string().min(1),
    actor: entity.nullish(),
    target: z
      .array(entity)
      .nullish()
      .transform((targets) => (targets ?? []).filter((target) => target.id !== "")),
  })
  .transform(({ actor, target, ...event }) => ({ ...event, actor: actor ?? undefined, targets: target }));

/** A user or group that does not have the expected shape. */
export interface Unreadable {
  /** Its id; `undefined` where not even that is said. */
  readonly id: string | undefined;
  /** The field that is wrong, and not its value. */
  readonly why: string;
}

/** So many unreadable entries of a list, or such a share of them, are no exceptions: it is the list that cannot be read. */
const MANY_UNREADABLE = 10;
const LARGE_SHARE = 0.1;

/**
 * Checks what the API has answered.
 *
 * @param what - its name, for the error
 * @param id - of what was asked for
 * @throws {@link OktaApiError} that names the field which is wrong, and not its value: of the kind `malformed` when the answer
 * has the id, and else `unavailable`
 */
export function checked<T>(shape: z.ZodType<T>, value: unknown, what: string, id?: string): T {
  const { data, error } = shape.safeParse(value);
  if (!error) return data as T;
  const kind = id !== undefined && idIn(value) === id ? "malformed" : "unavailable";
  throw new OktaApiError(kind, `Okta's answer does not have the expected shape: ${flawIn(error, what)}`);
}

/**
 * Checks the entries of a list that the API has answered, each by itself: one that does not have the expected shape does not
 * hide the others.
 *
 * @param what - the list's name, for the error
 * @throws {@link OktaApiError} of the kind `unavailable` when it is no list, or has too many such entries
 */
export function checkedEach<T>(
  shape: z.ZodType<T>,
  value: unknown,
  what: string,
): { readonly items: readonly T[]; readonly unreadable: readonly Unreadable[] } {
  const items: T[] = [];
  const unreadable: Unreadable[] = [];
  for (const [n, entry] of checked(z.array(z.unknown()), value, what).entries()) {
    const { data, error } = shape.safeParse(entry);
    if (!error) items.push(data as T);
    else unreadable.push({ id: idIn(entry), why: flawIn(error, `${what}.${n}`) });
  }
  const few = Math.max(MANY_UNREADABLE, (items.length + unreadable.length) * LARGE_SHARE);
  if (unreadable.length <= few) return { items, unreadable };
  const which = `${unreadable[0]?.why}, and ${unreadable.length - 1} more`;
  throw new OktaApiError("unavailable", `Okta's answer does not have the expected shape: ${which}`);
}

function idIn(value: unknown): string | undefined {
  return withId.safeParse(value).data?.id;
}

/** The first field that is wrong, by its path, and how. */
function flawIn({ issues: [issue] }: z.ZodError, what: string): string {
  return `${[what, ...(issue?.path ?? [])].join(".")} (${issue?.code})`;
}
