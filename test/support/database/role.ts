import { randomBytes } from "node:crypto";
import { useFixture } from "../fixture.js";
import { directPool } from "./direct-pool.js";
import type { TemporaryDatabase } from "./temporary-database.js";

/** A role of PostgreSQL that is not the owner of a database. */
export interface Role {
  readonly name: string;
  /** Connection string of the database for this role. */
  readonly url: string;
}

/** Gives the suite that calls this a role that can connect to a database, and has no other right that it is not given. */
export function useRole(database: TemporaryDatabase): Role {
  return useFixture(
    async () => {
      const name = `gatehouse_role_${randomBytes(6).toString("hex")}`;
      await asOwner(database, `create role ${name} login password 'secret'`);
      const url = new URL(database.url);
      url.username = name;
      url.password = "secret";
      return { name, url: url.href };
    },
    ({ name }) => asOwner(database, `drop owned by ${name}; drop role ${name}`),
  );
}

/** Runs statements as the owner of a database. */
export async function asOwner(database: TemporaryDatabase, statements: string): Promise<void> {
  const pool = directPool(database.url);
  await pool.query(statements).finally(() => pool.end());
}
