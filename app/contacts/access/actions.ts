/** What people can do with a contact, in the order in which it is said. */
export const accessActions = ["read", "update", "share", "transfer", "delete"] as const;
export type AccessAction = (typeof accessActions)[number];

/** Whether a person may do each of them. */
export type Access = Readonly<Record<AccessAction, boolean>>;

/** What each of them is called in sentences. */
export const actionWords: Readonly<Record<AccessAction, string>> = {
  read: "view",
  update: "edit",
  share: "share",
  transfer: "transfer",
  delete: "delete",
};

/** What a person may do, in words: such as `view and edit`. @returns an empty text when they may do nothing */
export function accessText(may: Access): string {
  return listText(accessActions.filter((action) => may[action]).map((action) => actionWords[action]));
}

/** Several words as one text: `a`, `a and b`, `a, b and c`. */
export function listText(words: readonly string[]): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
