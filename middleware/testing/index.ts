/** What the tests of an app use in place of a real PDP. */
export { fakePdp, type PermissionTable } from "./fake-pdp.js";
