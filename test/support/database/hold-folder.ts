import { lockFolder } from "../../../app/demo/database/folder-lock.js";

// A process that locks the folder that it is given, says so, and holds it until its standard input ends.
await lockFolder(process.argv[2] ?? "");
process.stdin.resume().on("end", () => process.exit(0));
console.log("locked");
