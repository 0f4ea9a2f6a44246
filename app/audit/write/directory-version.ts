import type { Person } from "../../auth/claims.js";
import type { Additions } from "../record/record.js";

/** What an event says of the directory that its person was looked up in: nothing where claims said who it was. */
export function versionOf({ directoryVersion }: Pick<Person, "directoryVersion">): Additions {
  return directoryVersion === undefined ? {} : { directoryVersion };
}
