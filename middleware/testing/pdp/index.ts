/** A PDP as a child process: what `startPdp()` is made of. The demo of this project is made of it, too. */
export { cerbosBinary } from "./cerbos-binary.js";
export { PdpHost } from "./pdp-host.js";
export { type PdpProcess, spawnPdp } from "./pdp-process.js";
export { startWatchdog, type Watchdog } from "./watchdog.js";
