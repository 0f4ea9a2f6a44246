import { delivery } from "../../directory/hooks/event-hook.js";
import { logoutRequest } from "../../directory/hooks/universal-logout.js";
import { type Area, emptyAnswer, jsonAnswer, jsonBody, operation } from "../operation.js";
import { fromZod, object, text } from "../schemas.js";

const TAG = "Okta";

/** The problems of requests that have to be Okta's. */
const problems = [400, 401, 413, 429, 503];

export const okta: Area = {
  tag: { name: TAG, description: "What Okta itself calls, and no other client." },
  paths: {
    "/okta/global-token-revocation": {
      post: operation(TAG, {
        id: "universalLogout",
        summary: "Log a user out (Universal Logout)",
        description: "Draft-parecki-oauth-global-token-revocation. A token can be used once.",
        security: [{ oktaLogoutToken: [] }],
        body: jsonBody(fromZod(logoutRequest)),
        answers: { 204: emptyAnswer("All sessions and access tokens that the user has are refused from now on.") },
        problems: [...problems, 404],
      }),
    },
    "/okta/events": {
      get: operation(TAG, {
        id: "verifyEventHook",
        summary: "Verify who owns the address of the event hook",
        description: "Only where `OKTA_HOOK_SECRET` is set.",
        security: [],
        parameters: [
          {
            ...{ name: "x-okta-verification-challenge", in: "header", required: true, schema: text },
            description: "What the answer has to repeat.",
          },
        ],
        answers: { 200: jsonAnswer("The challenge.", object({ verification: text })) },
        problems: [400, 429],
      }),
      post: operation(TAG, {
        id: "takeEvents",
        summary: "Take events of users and groups",
        description: "Only where `OKTA_HOOK_SECRET` is set.",
        security: [{ oktaHookSecret: [] }],
        body: jsonBody(fromZod(delivery)),
        answers: { 204: emptyAnswer("What follows from the events is noted.") },
        problems,
      }),
    },
  },
};
