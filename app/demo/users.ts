/** A user of the demo's identity provider. */
export interface DemoUser {
  /** Okta-shaped user id, opaque, never the e-mail address. */
  readonly id: string;
  /** The Okta login, which is also the e-mail address. */
  readonly login: string;
  readonly givenName: string;
  readonly familyName: string;
  readonly groups: readonly string[];
  /** In the user's Okta profile. */
  readonly department: string;
  /** What this user demonstrates, as text for the sign-in page and the token command. */
  readonly purpose: string;
}

/** All users of the demo, in the order of the sign-in page. */
export const demoUsers: readonly DemoUser[] = [
  {
    id: "00u4a1gk2mAliceQx5d7",
    login: "alice@example.com",
    givenName: "Alice",
    familyName: "Arden",
    groups: ["Everyone", "admin"],
    department: "Sales",
    purpose: "Administrator: may do everything",
  },
  {
    id: "00u8t3wq9pUmaRb1z5d7",
    login: "uma@example.com",
    givenName: "Uma",
    familyName: "Underhill",
    groups: ["Everyone", "user"],
    department: "Sales",
    purpose: "User in Sales: owns some contacts",
  },
  {
    id: "00u2n7xv6rOmarLk5d75",
    login: "omar@example.com",
    givenName: "Omar",
    familyName: "Ostrow",
    groups: ["Everyone", "user"],
    department: "Support",
    purpose: "User in Support: owns other contacts",
  },
  {
    id: "00u6d1kf8tAudreyYb5d7",
    login: "audrey@example.com",
    givenName: "Audrey",
    familyName: "Abara",
    groups: ["Everyone", "auditor"],
    department: "Compliance",
    purpose: "Auditor: reads the decision log, and nothing else",
  },
  {
    id: "00u5c9hj4sNinaWe5d75",
    login: "nina@example.com",
    givenName: "Nina",
    familyName: "Novak",
    groups: ["Everyone"],
    department: "Sales",
    purpose: "Logged in, but without a CRM role",
  },
];

/** The user with an Okta user id, or undefined. */
export function userById(id: string): DemoUser | undefined {
  return demoUsers.find((user) => user.id === id);
}

/** The user with a login, or undefined. Logins are compared as Okta compares them: without regard to case. */
export function userByLogin(login: string): DemoUser | undefined {
  return demoUsers.find((user) => user.login.toLowerCase() === login.trim().toLowerCase());
}
