import type { Organization } from "./model/organization.js";
import { demoOrganization } from "./model/seed.js";

/** The Okta organization behind the stand-in identity provider, with what only tests may see and do. */
export interface OktaOrg {
  /** The truth: what is so, and what tests change. */
  readonly organization: Organization;
}

/** An organization of the demo's people. */
export function createOktaOrg(): OktaOrg {
  return { organization: demoOrganization() };
}
