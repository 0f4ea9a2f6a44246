import { comparison } from "./actions/comparison.js";
import { doubts } from "./actions/doubts.js";
import { lists } from "./actions/lists.js";
import { logic } from "./actions/logic.js";
import { membership } from "./actions/membership.js";
import { numbers } from "./actions/numbers.js";
import { references } from "./actions/references.js";
import { related } from "./actions/related.js";
import { hierarchies, sets } from "./actions/sets.js";
import { strings } from "./actions/strings.js";
import { times } from "./actions/times.js";
import { type Action, type Actions, when } from "./policy.js";

const themes: Readonly<Record<string, readonly (string | Action)[]>> = {
  comparison,
  membership,
  logic,
  strings,
  numbers,
  times,
  lists,
  sets,
  hierarchies,
  related,
  references,
  doubts,
};

/** The hostile policy's actions, by theme and number. */
export const actions: Actions = Object.fromEntries(
  Object.entries(themes).flatMap(([theme, those]) =>
    those.map((action, n) => [`${theme}-${n + 1}`, typeof action === "string" ? when(action) : action]),
  ),
);
