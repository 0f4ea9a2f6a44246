import { openPostgres } from "../../../app/db/postgres.js";
import { startFollower } from "./follower.js";

// A process that follows an organization into a database, and takes what its hook tells, until it is killed. It prints
// its address.
const [url = "", org = "", token = "", hookSecret = "", syncSeconds = ""] = process.argv.slice(2);
const { db } = await openPostgres(url, () => {});
const follower = await startFollower(db, { org, token, hookSecret, syncSeconds: Number(syncSeconds) });
console.log(follower.url);
