import type { Client } from "../http/client.js";
import { deleteAll, uniqueWord } from "./contacts.js";

/**
 * A word that occurs nowhere else. The contacts that contain it are deleted after each test of the suite.
 *
 * @param hook - `after` when the contacts serve all tests of the suite
 */
export function useUniqueWord(admin: Client, hook: typeof after | typeof afterEach = afterEach): string {
  const word = uniqueWord();
  hook(() => deleteAll(admin, word));
  return word;
}
