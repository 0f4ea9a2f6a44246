/** A user with whom the demo's organization begins. */
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
  readonly title: string;
  /** The time zone in the user's Okta profile. Left out: it names none. */
  readonly timeZone?: string;
  /** The login of their manager, as profiles in Okta name it. Left out: they have none. */
  readonly manager?: string;
  /** The status with which the organization begins. Default: ACTIVE. */
  readonly status?: "STAGED" | "LOCKED_OUT";
  /** What this user demonstrates, as text for the sign-in page and the token command. */
  readonly purpose: string;
}

/** The users whom the guides name, and who own the demo's contacts, in the order of the sign-in page. */
export const demoUsers: readonly DemoUser[] = [
  {
    id: "00u4a1gk2mAliceQx5d7",
    login: "alice@example.com",
    givenName: "Alice",
    familyName: "Arden",
    groups: ["Everyone", "admin"],
    department: "Sales",
    title: "Sales director",
    timeZone: "America/New_York",
    purpose: "Administrator: may do everything",
  },
  {
    id: "00u8t3wq9pUmaRb1z5d7",
    login: "uma@example.com",
    givenName: "Uma",
    familyName: "Underhill",
    groups: ["Everyone", "user"],
    department: "Sales",
    title: "Account manager",
    timeZone: "Europe/London",
    manager: "alice@example.com",
    purpose: "User in Sales: owns some contacts",
  },
  {
    id: "00u2n7xv6rOmarLk5d75",
    login: "omar@example.com",
    givenName: "Omar",
    familyName: "Ostrow",
    groups: ["Everyone", "user"],
    department: "Support",
    title: "Support engineer",
    timeZone: "Asia/Kolkata",
    manager: "lena@example.com",
    purpose: "User in Support: owns other contacts",
  },
  {
    id: "00u6d1kf8tAudreyYb5d7",
    login: "audrey@example.com",
    givenName: "Audrey",
    familyName: "Abara",
    groups: ["Everyone", "auditor"],
    department: "Compliance",
    title: "Compliance officer",
    timeZone: "Europe/Zurich",
    purpose: "Auditor: reads the decision log, and nothing else",
  },
  {
    id: "00u5c9hj4sNinaWe5d75",
    login: "nina@example.com",
    givenName: "Nina",
    familyName: "Novak",
    groups: ["Everyone"],
    department: "Sales",
    title: "Sales assistant",
    timeZone: "Europe/Lisbon",
    manager: "alice@example.com",
    purpose: "Logged in, but without a CRM role",
  },
];

/** Everybody with whom the demo's organization begins: {@link demoUsers}, and colleagues of theirs. */
export const demoPeople: readonly DemoUser[] = [
  ...demoUsers,
  {
    id: "00u3s8ve5nSvenSa2b5d",
    login: "sven@example.com",
    givenName: "Sven",
    familyName: "Sandberg",
    groups: ["Everyone"],
    department: "Support",
    title: "Support engineer",
    manager: "lena@example.com",
    purpose: "New in Support: an administrator adds him to the group user",
  },
  {
    id: "00u7l4en1aLenaLo6c5d",
    login: "lena@example.com",
    givenName: "Lena",
    familyName: "Lorenz",
    groups: ["Everyone", "user"],
    department: "Support",
    title: "Support lead",
    status: "LOCKED_OUT",
    purpose: "Locked out after too many wrong passwords",
  },
  {
    id: "00u9p6ia3aPiaPerr8e5",
    login: "pia@example.com",
    givenName: "Pia",
    familyName: "Perrin",
    groups: ["Everyone"],
    department: "Sales",
    title: "Trainee",
    manager: "alice@example.com",
    status: "STAGED",
    purpose: "Starts next month: not yet activated",
  },
];

/** The user with a login, or undefined. Logins are compared as Okta compares them: without regard to case. */
export function userByLogin(login: string): DemoUser | undefined {
  return demoPeople.find((user) => user.login.toLowerCase() === login.trim().toLowerCase());
}
