import assert from "node:assert/strict";
import { type DemoUser, userByLogin } from "../../../app/demo/users.js";

/**
 * A demo user.
 *
 * @param name - the first name, which the login begins with
 * @throws AssertionError when there is no such user
 */
export function demoUser(name: string): DemoUser {
  const user = userByLogin(`${name}@example.com`);
  assert(user, `there is no demo user ${name}`);
  return user;
}
