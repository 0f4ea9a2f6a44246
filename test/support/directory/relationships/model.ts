import type { OktaUser } from "../../../../app/directory/okta-api/shapes.js";
import { oktaUser } from "../okta-values.js";

/** What happens to the users of an organization, as far as who reports to whom depends on it. */
export type Step =
  | { readonly kind: "profiles"; readonly users: readonly Profile[] }
  | { readonly kind: "deleted" | "unreadable" | "erased"; readonly id: string };

/** What a profile says. */
export type Profile = Pick<OktaUser, "id" | "status" | "login" | "email" | "manager">;

/** A user as the client of Okta's API gives them. */
export function userOf({ id, ...profile }: Profile): OktaUser {
  return oktaUser(id, profile);
}

/** What is known of a person. */
interface Known extends Omit<Profile, "status"> {
  /** `null`: nothing that counts. */
  status: string | null;
  isGone: boolean;
  isErased: boolean;
}

/** How long the way to the last manager may be. */
const MAX_STEPS = 64;

/** Who reports to whom, worked out person by person from what is known of all: what the database has to have. */
export class RelationshipsModel {
  readonly #people = new Map<string, Known>();

  apply(step: Step): void {
    if (step.kind === "profiles") {
      for (const user of new Map(step.users.map((each) => [each.id, each])).values()) this.#write(user);
      return;
    }
    const known = this.#people.get(step.id);
    if (step.kind === "unreadable") {
      if (!known) this.#people.set(step.id, { ...nothing(step.id), status: null });
      else if (!known.isGone) known.status = null;
    }
    if (!known) return;
    if (step.kind === "deleted") Object.assign(known, { status: "DEPROVISIONED", isGone: true });
    const isInOkta = known.status !== null && !known.isGone;
    if (step.kind === "erased" && !isInOkta) {
      Object.assign(known, { ...nothing(step.id), status: known.status, isGone: true, isErased: true });
    }
  }

  #write(user: Profile): void {
    const isGone = user.status === "DEPROVISIONED";
    const isErased = isGone && this.#people.get(user.id)?.isErased === true;
    this.#people.set(user.id, {
      ...(isErased ? { ...nothing(user.id), status: user.status } : user),
      isGone,
      isErased,
    });
  }

  /** The ids of those whom a person reports to, the closest first. */
  managersOf(id: string): string[] {
    const way: string[] = [];
    for (let at = this.#namedBy(id); at !== undefined && !way.includes(at) && at !== id; at = this.#namedBy(at)) {
      way.push(at);
    }
    const last = way.at(-1) ?? id;
    const next = this.#namedBy(last);
    // It ends, or comes back to one who was passed: the circle begins with that one.
    if (way.length > MAX_STEPS) return [];
    if (next === undefined) return way;
    return next === id ? [] : way.slice(0, way.indexOf(next) + 1);
  }

  /** All who report to each person. */
  reports(ids: readonly string[]): ReadonlyMap<string, ReadonlySet<string>> {
    return new Map(ids.map((id) => [id, new Set(ids.filter((other) => this.managersOf(other).includes(id)))]));
  }

  #namedBy(id: string): string | undefined {
    const person = this.#people.get(id);
    if (!person || person.status === null || person.manager === "") return undefined;
    const means = ({ id: other, login, email, status, isGone }: Known) =>
      status !== null &&
      !isGone &&
      (other === person.manager || [login, email].some((text) => text !== "" && fold(text) === fold(person.manager)));
    const meant = [...this.#people.values()].filter(means);
    return meant.length === 1 && meant[0]?.id !== id ? meant[0]?.id : undefined;
  }
}

function nothing(id: string): Known {
  return { id, status: null, login: "", email: "", manager: "", isGone: false, isErased: false };
}

/** As two addresses are the same, of the few that are tried here. */
function fold(text: string): string {
  return text.normalize("NFKC").toLowerCase().replace("@köln.example", "@xn--kln-sna.example");
}
