import type { AccessRequest } from "./store.js";

/** What has come of a request, for the person who made it. */
export const stateTexts: Readonly<Record<AccessRequest["state"], string>> = {
  open: "Not answered yet",
  granted: "Granted",
  dismissed: "Dismissed",
};
