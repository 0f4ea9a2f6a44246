import { MAX_TIMER_MS } from "../assertions.js";
import type { GrpcOptions } from "./grpc.js";

/** Settings of {@link cerbos}. */
export interface CerbosOptions extends Pick<GrpcOptions, "tls" | "playgroundInstance"> {
  /** How long one call may take, retries included, in ms. Default 1000. */
  readonly deadline?: number | undefined;
  /**
   * How many resources the PDP takes in one call: its `server.requestLimits.maxResourcesPerRequest`. Default 50, as
   * there.
   */
  readonly resourcesPerCall?: number | undefined;
}

/** The settings with their defaults filled in. */
export interface CerbosSettings extends Pick<GrpcOptions, "tls" | "playgroundInstance"> {
  readonly deadline: number;
  readonly resourcesPerCall: number;
}

const DEFAULT_DEADLINE_MS = 1000;
const DEFAULT_RESOURCES_PER_CALL = 50;

/**
 * Checks the arguments of {@link cerbos} and fills in the defaults.
 *
 * @throws TypeError when one is not valid
 */
export function cerbosSettings(target: string, options: CerbosOptions | undefined): CerbosSettings {
  const { tls, playgroundInstance, deadline = DEFAULT_DEADLINE_MS } = options ?? {};
  const { resourcesPerCall = DEFAULT_RESOURCES_PER_CALL } = options ?? {};
  if (typeof target !== "string" || target === "" || /^https?:/.test(target)) {
    throw new TypeError(`cerbos(): the target must be host:port or unix:/path, not ${JSON.stringify(target)}.`);
  }
  // Text, such as an environment variable's "false", would count as true; certificates need createSecureContext().
  if (typeof tls !== "boolean" && !(typeof tls === "object" && tls !== null && "context" in tls)) {
    throw new TypeError("cerbos(): tls must be true, false, or what tls.createSecureContext() returns.");
  }
  if (playgroundInstance && !tls) throw new TypeError("cerbos(): a playground instance needs tls: true.");
  if (!(typeof deadline === "number" && deadline >= 1 && deadline <= MAX_TIMER_MS)) {
    throw new TypeError(`cerbos(): deadline must be a number of ms from 1 to ${MAX_TIMER_MS}, not ${deadline}.`);
  }
  if (!(Number.isInteger(resourcesPerCall) && resourcesPerCall >= 1)) {
    throw new TypeError(`cerbos(): resourcesPerCall must be a whole number from 1, not ${resourcesPerCall}.`);
  }
  return { tls, playgroundInstance, deadline, resourcesPerCall };
}
