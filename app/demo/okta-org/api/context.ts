import type { FaultSource } from "../faults.js";
import type { Organization } from "../model/organization.js";
import type { SystemLog } from "../system-log.js";
import type { Cursors } from "./cursors.js";

/** What the endpoints of the API work with. */
export interface ApiContext {
  readonly organization: Organization;
  readonly log: SystemLog;
  readonly source: FaultSource;
  readonly cursors: Cursors;
  /** The organization's URL without a slash at its end. */
  readonly origin: string;
}
