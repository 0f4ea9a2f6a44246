import { readFile } from "node:fs/promises";
import { migratePostgres } from "../../../app/db/migrate.js";
import { useFixture } from "../fixture.js";
import { projectPath } from "../paths.js";
import { asOwner, type Role, useRole } from "./role.js";
import type { TemporaryDatabase } from "./temporary-database.js";

/** Gives the suite that calls this a migrated database, and a role with the rights that the documentation says. */
export function useAppRole(database: TemporaryDatabase): Role {
  const role = useRole(database);
  useFixture(async () => {
    await migratePostgres(database.url);
    await asOwner(database, await grants(role.name));
    return {};
  });
  return role;
}

/** The documentation's statements for a role of the app. */
export async function grants(role: string): Promise<string> {
  return (await readFile(projectPath("docs/app-role.sql"), "utf8")).replaceAll("crm_app", role);
}
