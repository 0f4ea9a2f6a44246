export const userStatuses = [
  "STAGED",
  "PROVISIONED",
  "ACTIVE",
  "RECOVERY",
  "PASSWORD_EXPIRED",
  "LOCKED_OUT",
  "SUSPENDED",
  "DEPROVISIONED",
] as const;

export type UserStatus = (typeof userStatuses)[number];

/** Okta's base attributes that every user has here, and any others. */
export interface UserProfile {
  readonly login: string;
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly [attribute: string]: unknown;
}

/** A user. Times are ISO 8601 in whole seconds, as Okta's are, so that two changes can have the same one. */
export interface User {
  readonly id: string;
  readonly status: UserStatus;
  readonly created: string;
  readonly activated: string | null;
  readonly statusChanged: string | null;
  readonly lastLogin: string | null;
  readonly lastUpdated: string;
  readonly profile: UserProfile;
}

export type GroupType = "BUILT_IN" | "OKTA_GROUP" | "APP_GROUP";

export interface Group {
  readonly id: string;
  readonly type: GroupType;
  readonly created: string;
  readonly lastUpdated: string;
  readonly lastMembershipUpdated: string;
  readonly profile: { readonly name: string; readonly description: string };
}

export interface LogTarget {
  readonly id: string;
  readonly type: "User" | "UserGroup";
  readonly alternateId: string;
  readonly displayName: string;
}

/** An event of the System Log, as far as the stand-in fills it in. */
export interface LogEvent {
  readonly uuid: string;
  /** ISO 8601 with milliseconds. */
  readonly published: string;
  readonly eventType: string;
  readonly version: "0";
  readonly severity: "INFO";
  readonly displayMessage: string;
  readonly actor: {
    readonly id: string;
    readonly type: string;
    readonly alternateId: string;
    readonly displayName: string;
  };
  readonly outcome: { readonly result: "SUCCESS"; readonly reason: null };
  readonly target: readonly LogTarget[];
}
