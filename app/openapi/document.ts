import { access } from "./areas/access.js";
import { audit } from "./areas/audit.js";
import { contacts } from "./areas/contacts.js";
import { directory } from "./areas/directory.js";
import { directorySync } from "./areas/directory-sync.js";
import { handovers } from "./areas/handovers.js";
import { health } from "./areas/health.js";
import { okta } from "./areas/okta.js";
import { profile } from "./areas/profile.js";
import { savedViews } from "./areas/saved-views.js";
import { sharing } from "./areas/sharing.js";
import { problem, problemResponses } from "./problems.js";

/** As in package.json. */
const API_VERSION = "0.1.0";

const description = `\
Contacts, who has access to them, and the log of every decision about that.

A request asks for JSON with \`Accept: application/json\`, or with no \`Accept\` at all. The same addresses serve pages to
browsers (\`text/html\`), by a session; those and their forms are not described here.

Every decision is made by a policy (Cerbos), and recorded. Lists contain what the caller may see, and nothing else. Errors
are problem details (RFC 9457). A change of a contact says which version it is for, with \`If-Match\`. Members that are not
described may come: ignore them.`;

/**
 * The description of the JSON API, as OpenAPI 3.1. Bodies and queries are those of the schemas that check them.
 *
 * @see https://spec.openapis.org/oas/v3.1.1.html
 */
export function openApiDocument() {
  const areas = [
    contacts,
    savedViews,
    sharing,
    access,
    handovers,
    directory,
    directorySync,
    audit,
    profile,
    health,
    okta,
  ];
  return {
    openapi: "3.1.1",
    info: {
      title: "Gatehouse CRM",
      version: API_VERSION,
      description,
      license: { name: "Apache 2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/", description: "Where this document is from." }],
    security: [{ accessToken: [] }],
    tags: areas.map(({ tag }) => tag),
    paths: Object.assign({}, ...areas.map(({ paths }) => paths)) as Readonly<Record<string, Record<string, object>>>,
    components: {
      schemas: { Problem: problem, ...Object.assign({}, ...areas.map(({ schemas }) => schemas)) },
      responses: problemResponses,
      headers: {
        "X-Request-Id": {
          description: "The id of this request, as in the app's log and in the records of decisions.",
          required: true,
          schema: { type: "string", format: "uuid" },
        },
      },
      securitySchemes: {
        accessToken: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description: "An access token of the Okta authorization server.",
        },
        oktaLogoutToken: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description: "A token that Okta itself signs for Universal Logout.",
        },
        oktaHookSecret: {
          type: "apiKey",
          in: "header",
          name: "Authorization",
          description: "The secret of Okta's event hook.",
        },
      },
    },
  };
}
