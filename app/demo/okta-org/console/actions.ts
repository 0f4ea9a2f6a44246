import { lifecycle } from "../model/lifecycle.js";
import type { User } from "../model/types.js";

/** What an administrator does to somebody's status: the button, and the message afterwards. */
export const consoleActions = {
  suspend: { label: "Suspend", done: "Suspended." },
  unsuspend: { label: "Unsuspend", done: "Not suspended any more." },
  unlock: { label: "Unlock", done: "Unlocked." },
  activate: { label: "Activate", done: "Activated." },
  deactivate: { label: "Deactivate", done: "Deactivated." },
  delete: { label: "Delete for good", done: "Deleted." },
} as const;

export type ConsoleAction = keyof typeof consoleActions;

/** The actions that a user's status allows. */
export function actionsOf({ status }: User): ConsoleAction[] {
  return (Object.keys(consoleActions) as ConsoleAction[]).filter((action) =>
    action === "delete" ? status === "DEPROVISIONED" : lifecycle[action].from.some((from) => from === status),
  );
}
