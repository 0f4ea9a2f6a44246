/** What the tests of an app use: a PDP by a table or a real one, and assertions about guards. */
export { assertGuardsKnown } from "./assert-guards-known.js";
export { assertRoutesGuarded } from "./assert-routes-guarded.js";
export { fakePdp, type PermissionTable } from "./fake-pdp.js";
export { type StartPdpOptions, startPdp, type TestPdp } from "./pdp/start-pdp.js";
