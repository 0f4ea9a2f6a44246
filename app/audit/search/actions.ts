/** The words by which actions can be searched for, besides their names in the policies. Those of the form come first. */
const words: Readonly<Record<string, readonly string[]>> = {
  create: ["add"],
  update: ["edit", "change"],
  delete: ["delete", "remove"],
  share: ["share"],
  transfer: ["transfer", "give away"],
  read: ["open", "view", "look at"],
  list: ["list"],
  ask: ["ask for access"],
  export: ["export"],
  tail: ["watch live", "watch"],
  handover: ["hand over"],
  revoke: ["revoke access"],
  login: ["log in"],
  logout: ["log out"],
};

const byWord = new Map(Object.entries(words).flatMap(([action, all]) => all.map((word) => [word, action] as const)));

/** The action that a text means: by a word for it, whatever its case and spaces, or else by its name. */
export function actionNamed(text: string): string {
  return byWord.get(text.toLowerCase().replace(/\s+/g, " ")) ?? text;
}

/** The words for actions, with their names, as a form offers them. */
export const actionWords: readonly { readonly action: string; readonly word: string }[] = Object.entries(words).map(
  ([action, [word = action]]) => ({ action, word }),
);
