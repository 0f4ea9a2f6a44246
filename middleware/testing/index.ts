/** What the tests of an app use in the place of a real PDP. */
export { fakePdp, type PermissionTable } from "./fake-pdp.js";
