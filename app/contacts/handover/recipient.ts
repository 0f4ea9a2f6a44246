import type { Person } from "../../auth/claims.js";
import type { ProblemError } from "../../problems.js";
import type { ColleagueChoice, FoundColleagues } from "../sharing/choices.js";
import type { Preview } from "./preview.js";

/** A recipient who can be given contacts, and what that would come to. */
export interface CheckedRecipient {
  readonly email: string;
  readonly recipient: Person;
  readonly preview: Preview;
  readonly problem: undefined;
}

/** What a form shows of a recipient; or why they are refused. */
export type ShownRecipient =
  | CheckedRecipient
  | {
      readonly email: string;
      readonly recipient: undefined;
      readonly preview: undefined;
      readonly problem: ProblemError;
      /** The colleagues whom what was typed can mean. Default: it is an address. */
      readonly choices?: FoundColleagues<ColleagueChoice>;
    };
