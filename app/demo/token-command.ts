/**
 * Prints an access token of a demo user, and nothing else, on the standard output:
 *
 *     curl -H "Authorization: Bearer $(npm run -s token -- uma@example.com)" http://localhost:8080/contacts
 *
 * It needs a running demo. Errors are printed on the standard error, with exit code 1.
 */
import { parseArgs } from "node:util";
import { loadConfig } from "../config.js";
import { readDemoState } from "./demo-state.js";
import { requestToken } from "./identity-provider/request-token.js";
import { demoPeople, userByLogin } from "./users.js";

const userList = demoPeople.map(({ login, purpose }) => `  ${login}  ${purpose}`).join("\n");
const usage = `Usage: npm run -s token -- <e-mail> [--data-dir <folder>] [--issuer <url>]

Prints an access token of a demo user for the demo that is running:
${userList}

  --data-dir  the demo's data folder; default: DATA_DIR, or ./data
  --issuer    a stand-in identity provider that runs alone, such as http://localhost:9000/oauth2/default`;

try {
  const config = loadConfig();
  const { login, dataDir, issuer } = parse(process.argv.slice(2), config.dataDir);
  if (!userByLogin(login)) throw new Error(`There is no demo user ${login}. There are:\n${userList}`);
  console.log(await requestToken(issuer ?? (await issuerOfDemo(dataDir)), login, config.apiAccess.scope));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

async function issuerOfDemo(dataDir: string): Promise<string> {
  const state = await readDemoState(dataDir);
  if (!state) throw new Error(`No demo is running with the data folder ${dataDir}: start it with npm start.`);
  return state.issuer;
}

function parse(args: string[], defaultDataDir: string): { login: string; dataDir: string; issuer: string | undefined } {
  try {
    const { positionals, values } = parseArgs({
      args,
      allowPositionals: true,
      options: { "data-dir": { type: "string", default: defaultDataDir }, issuer: { type: "string" } },
    });
    const [login, ...rest] = positionals;
    if (login === undefined || rest.length > 0) throw new Error("Give one e-mail address.");
    return { login: login.toLowerCase(), dataDir: values["data-dir"], issuer: values.issuer };
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  }
}
