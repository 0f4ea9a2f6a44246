import type { Handover, OutcomeCounts, Remaining } from "./store.js";

/** How far a handover is, in a few words. */
export const stateTexts: Readonly<Record<Handover["state"], string>> = {
  running: "Under way",
  done: "Complete",
  stopped: "Stopped before its end",
  undoing: "Being undone",
  undone: "Undone",
  undo_stopped: "Undoing it has stopped before its end",
};

/** Why a handover has stopped, in a sentence. */
const stopTexts: Readonly<Record<string, string>> = {
  revoked: "All access of the person who asked for it was revoked meanwhile.",
  not_active: "The person who asked for it is not active any more.",
  no_role: "The person who asked for it has no role any more.",
  denied: "The person who asked for it may not transfer these contacts any more.",
  recipient: "The recipient is not active any more, or has no role.",
};

const reasonTexts: Readonly<Record<string, string>> = {
  deleted: "It was deleted.",
  other_owner: "It was given to another colleague meanwhile.",
  changed: "It was changed since, and is not overwritten.",
  denied: "Transferring it was denied.",
  undecided: "It could not be decided about.",
};

/** @returns `null` when it has not stopped */
export function stopText({ stopReason }: Pick<Handover, "stopReason">): string | null {
  return stopReason && (stopTexts[stopReason] ?? "It is not known why.");
}

/** Why a contact has stayed where it was, in a sentence. */
export function reasonText({ reason }: Pick<Remaining, "reason">): string {
  return reasonTexts[reason ?? ""] ?? "It is not known why.";
}

/** How many contacts a handover has, and how many of them are done with. Contacts that were left are not moved back. */
export function progressOf({ state }: Pick<Handover, "state">, counts: OutcomeCounts) {
  const { pending, moved, left, undone, kept } = counts;
  const isBack = ["undoing", "undone", "undo_stopped"].includes(state);
  return isBack
    ? { total: moved + undone + kept, done: undone + kept }
    : { total: pending + moved + left, done: moved + left };
}
