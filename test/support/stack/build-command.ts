/**
 * Compiles the project with its tests for the gate, whose processes share it, and prints the folder. It has a configuration
 * for mocha, and a data folder of the embedded database.
 */
import { makeMigratedFolder } from "../database/migrated-folder.js";
import { build } from "./compiled.js";

const { folder } = build();
await makeMigratedFolder(folder);
console.log(folder);
