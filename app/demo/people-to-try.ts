import { demoUsers } from "./users.js";

/** What each of them shows, in the order in which they are offered. The policies and the organization at its start decide it. */
const proofs: readonly (readonly [login: string, about: string, proves: string])[] = [
  ["uma@example.com", "user in Sales", "Sees what is everyone’s, her team’s and her own; changes only hers."],
  ["omar@example.com", "user in Support", "Has the same role, and another list: the rules filter it by who asks."],
  ["audrey@example.com", "auditor", "Opens no contact. Reads who tried what, and why it was denied."],
  ["alice@example.com", "administrator", "Does everything, and hands over the contacts of those who leave."],
  ["nina@example.com", "no role", "Is logged in, and may open nothing. Each refusal says why."],
];

/** The people whom the app offers to log in as. */
export const peopleToTry = proofs.map(([login, about, proves]) => {
  const user = demoUsers.find((one) => one.login === login);
  if (!user) throw new Error(`the demo has no user ${login}`);
  return { login, name: `${user.givenName} ${user.familyName}`, about, proves };
});
