import fc from "fast-check";
import type { Profile, Step } from "./model.js";

/** A history of an organization: with whom it begins, and what happens. */
export interface RelationshipHistory {
  readonly beginning: readonly Profile[];
  readonly steps: readonly Step[];
}

/** The ids of all who can be in it. */
export const ids: readonly string[] = [..."abcdefghij"].map((letter) => `00u${letter.toUpperCase()}x${letter}`);

const id = fc.constantFrom(...ids);
/** Few enough that people have the same ones, and take each other's. */
const address = fc.constantFrom(
  ...[...ids.keys()].map((n) => `p${n}@test.example`),
  ...["jörg@köln.example", "Jörg@XN--KLN-SNA.example", ""],
);
const inCapitals = address.map((text) => text.toUpperCase());
/** What profiles say of managers: mostly something that can mean a person. */
const manager = fc.oneof(
  { weight: 5, arbitrary: id },
  { weight: 4, arbitrary: address },
  { weight: 1, arbitrary: inCapitals },
  { weight: 1, arbitrary: id.map((text) => text.toLowerCase()) },
  { weight: 1, arbitrary: fc.constantFrom("", "The boss", "' or true --", "x".repeat(5_000)) },
);
const login = fc.oneof(address, inCapitals).map((text) => text || "none");

const profileOf = (of: fc.Arbitrary<string>): fc.Arbitrary<Profile> =>
  fc.record({
    id: of,
    status: fc.oneof(
      { weight: 6, arbitrary: fc.constant("ACTIVE") },
      { weight: 1, arbitrary: fc.constantFrom("SUSPENDED", "STAGED", "DEPROVISIONED") },
    ),
    login,
    email: address,
    manager,
  });

const profile = profileOf(id);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("profiles" as const),
      users: fc.array(profile, { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("deleted" as const, "unreadable" as const), id }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("erased" as const), id }) },
);

/** @param maxSteps - how many steps it has, at most */
export function relationshipHistory(maxSteps: number): fc.Arbitrary<RelationshipHistory> {
  return fc.record({
    beginning: fc.tuple(...ids.map((each) => profileOf(fc.constant(each)))),
    steps: fc.array(step, { maxLength: maxSteps }),
  });
}
