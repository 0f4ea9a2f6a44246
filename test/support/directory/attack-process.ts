import { attackHook } from "./hostile-hooks.js";

// Attacks a hook from a process of its own, so that the work of attackers does not delay what is measured.
const [url = "", secret = "", count = "", spreadMs = ""] = process.argv.slice(2);
console.log(JSON.stringify(await attackHook({ url, secret }, Number(count), Number(spreadMs))));
