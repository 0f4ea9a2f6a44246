import { type Area, answer, emptyAnswer, header, jsonAnswer, operation } from "../operation.js";
import { described, object, oneOfTexts } from "../schemas.js";

const TAG = "Health";

const service = oneOfTexts(["ok", "unavailable"]);
const readiness = object(
  {
    status: oneOfTexts(["ok", "unavailable", "stopping"]),
    checks: object({ database: service, pdp: service, okta: service, directory: service }, ["directory"]),
    ageSeconds: described(
      "How old what a service says is.",
      object({ directory: { type: ["number", "null"], minimum: 0 } }),
    ),
  },
  ["ageSeconds"],
);

const isPublic = { security: [] };

export const health: Area = {
  tag: { name: TAG, description: "For probes and tools. Public." },
  paths: {
    "/livez": {
      get: operation(TAG, {
        ...isPublic,
        id: "getLiveness",
        summary: "See whether the process runs",
        answers: { 200: jsonAnswer("It does.", object({ status: { const: "ok" } })) },
      }),
    },
    "/readyz": {
      get: operation(TAG, {
        ...isPublic,
        id: "getReadiness",
        summary: "See whether the process can serve requests",
        answers: {
          200: jsonAnswer("It can.", readiness),
          503: jsonAnswer("The database or the PDP is missing, or the process stops.", readiness),
        },
      }),
    },
    "/openapi.json": {
      get: operation(TAG, {
        ...isPublic,
        id: "getOpenApi",
        summary: "Read this document",
        answers: {
          200: answer(
            "The document.",
            "application/json",
            { type: "object", additionalProperties: true },
            {
              ETag: header("Of the document, for `If-None-Match`."),
            },
          ),
          304: emptyAnswer("It is what `If-None-Match` names."),
        },
      }),
    },
  },
};
