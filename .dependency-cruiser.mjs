/**
 * The architecture as rules: `npm run check` fails when an import turns an arrow of docs/architecture.md round. Imports of
 * types count as well.
 */

/** The rooms of the CRM from the top down: each may import those below it, and none above. */
const ROOMS = ["openapi", "contacts", "audit", "directory", "web", "auth", "db"];
/** The rooms of the decision log, likewise. */
const AUDIT_ROOMS = ["web", "search", "write", "seal", "explain", "record"];
/** The programs that run on the demo's stand-ins where a setting is absent. */
const PROGRAMS = "^app/(main|audit/seal/verify-command)\\.ts$";

/** A rule for each room but the top one: it imports no room above it. */
function downwards(prefix, folder, rooms) {
  return rooms.slice(1).map((room, n) => ({
    name: `${prefix}-${room}-imports-downwards`,
    comment: `${folder}/${room} is below ${rooms.slice(0, n + 1).join(", ")}.`,
    severity: "error",
    from: { path: `^${folder}/${room}/` },
    to: { path: `^${folder}/(${rooms.slice(0, n + 1).join("|")})/` },
  }));
}

function forbid(name, comment, from, to) {
  return { name, comment, severity: "error", from, to };
}

export default {
  forbidden: [
    forbid("no-cycles", "A cycle ties files together that nobody can read one by one.", {}, { circular: true }),
    // dist/ is there only after a build.
    forbid("unresolved", "An import leads nowhere.", {}, { couldNotResolve: true, pathNot: "/dist/middleware/" }),

    ...downwards("app", "app", ROOMS),
    ...downwards("audit", "app/audit", AUDIT_ROOMS),
    forbid(
      "rooms-below-app",
      "main.ts and app.ts put the rooms together; no room knows them.",
      { path: "^app/.+/" },
      { path: "^app/(main|app)\\.ts$" },
    ),
    forbid(
      "leaves-import-no-room",
      "What stands beside app.ts for all rooms to use depends on none of them.",
      { path: "^app/[^/]+\\.ts$", pathNot: "^app/(main|app)\\.ts$" },
      { path: "^app/.+/" },
    ),
    forbid(
      "demo-for-programs-alone",
      "The stand-ins are never loaded in production: only programs load them, and only when a setting is absent.",
      { path: "^app/", pathNot: `${PROGRAMS}|^app/demo/` },
      { path: "^app/demo/" },
    ),
    forbid(
      "demo-loaded-when-needed",
      "Programs load the stand-ins with import(), so that a production image can leave them out.",
      { path: PROGRAMS },
      { path: "^app/demo/", dynamic: false },
    ),

    forbid(
      "middleware-stands-alone",
      "The folder is copied into other apps.",
      { path: "^middleware/" },
      { path: "^(app|test|bench|examples)/" },
    ),
    forbid(
      "middleware-by-its-faces",
      "Other folders use the middleware as its owners do: by index.ts of the core, sql/, sinks/ and testing/; and testing/pdp/, which the demo starts.",
      { path: "^(app|examples|bench)/" },
      { path: "^middleware/", pathNot: "^middleware/((sql|sinks|testing|testing/pdp)/)?index\\.ts$" },
    ),
    forbid(
      "core-stays-small",
      "Who guards routes loads neither SQL nor sinks.",
      { path: "^middleware/", pathNot: "^middleware/(command|sql|sinks|testing)/" },
      { path: "^middleware/(command|sql|sinks|testing)/" },
    ),
    forbid(
      "cerbos-client-in-one-room",
      "All that knows the vendor's client is in cerbos/.",
      { path: "^middleware/", pathNot: "^middleware/cerbos/" },
      { path: "(^|/)@cerbos/grpc" },
    ),

    forbid(
      "production-dependencies",
      "What runs in production is installed there.",
      { path: "^(app|middleware)/", pathNot: "^app/demo/" },
      { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"], pathNot: "/@types/" },
    ),
    forbid(
      "bench-uses-test-support",
      "Benchmarks share with tests what is in test/support.",
      { path: "^bench/" },
      { path: "^test/", pathNot: "^test/support/" },
    ),
    forbid(
      "tests-are-leaves",
      "Nothing depends on a test, or on a benchmark.",
      { pathNot: "^bench/" },
      { path: "(\\.test\\.ts$|^bench/)" },
    ),
  ],
  options: {
    parser: "swc",
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(app/db/migrations|test/packaging/apps/)" },
    enhancedResolveOptions: {
      extensions: [".ts", ".js", ".mjs", ".json"],
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
    },
  },
};
