import { type UserStatus, userStatuses } from "./types.js";

/** A change of status: from which statuses it is allowed, to which it leads, and what the System Log calls it. */
interface Transition {
  readonly from: readonly UserStatus[];
  readonly to: UserStatus;
  readonly eventType: string;
}

/**
 * The lifecycle operations of Okta's Users API. `lock` is none of the API's: Okta does it after too many wrong passwords.
 *
 * Everybody here has a password. So activation leads to ACTIVE, also for users who would have to follow a link in an
 * e-mail first.
 */
export const lifecycle = {
  activate: { from: ["STAGED", "PROVISIONED", "DEPROVISIONED"], to: "ACTIVE", eventType: "user.lifecycle.activate" },
  reactivate: { from: ["PROVISIONED"], to: "PROVISIONED", eventType: "user.lifecycle.reactivate" },
  deactivate: {
    from: userStatuses.filter((status) => status !== "DEPROVISIONED"),
    to: "DEPROVISIONED",
    eventType: "user.lifecycle.deactivate",
  },
  suspend: { from: ["ACTIVE"], to: "SUSPENDED", eventType: "user.lifecycle.suspend" },
  unsuspend: { from: ["SUSPENDED"], to: "ACTIVE", eventType: "user.lifecycle.unsuspend" },
  lock: { from: ["ACTIVE"], to: "LOCKED_OUT", eventType: "user.account.lock" },
  unlock: { from: ["LOCKED_OUT"], to: "ACTIVE", eventType: "user.account.unlock" },
  expire_password: { from: ["ACTIVE"], to: "PASSWORD_EXPIRED", eventType: "user.account.expire_password" },
  reset_password: {
    from: ["ACTIVE", "PROVISIONED", "RECOVERY", "PASSWORD_EXPIRED"],
    to: "RECOVERY",
    eventType: "user.account.reset_password",
  },
} satisfies Record<string, Transition>;

export type LifecycleAction = keyof typeof lifecycle;

/** Whether a user's sessions and tokens go on. Who is locked out cannot sign in, and stays signed in. */
export function keepsTokens(user: { readonly status: UserStatus }): boolean {
  return canSignIn(user) || user.status === "LOCKED_OUT";
}

/** Whether a user with a status may sign in without an administrator's help. */
export function canSignIn({ status }: { readonly status: UserStatus }): boolean {
  return status === "ACTIVE" || status === "RECOVERY" || status === "PASSWORD_EXPIRED";
}
