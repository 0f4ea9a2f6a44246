import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:net";

/*
 * An operating system gives the ports from 32768 on to any program that asks for a free one, so one of those may be taken between
 * its choice and its use, or while a server is away that comes back to it. Of the ports below, each process has a block for itself: it listens
 * on the first of them.
 */
const FIRST_PORT = 20_000;
const BLOCK_SIZE = 400;
const BLOCKS = 30;

let block: Promise<number> | undefined;
let given = 0;

/** A TCP port that is free now, and that nothing else gets for the next {@link BLOCK_SIZE} calls. */
export async function freePort(): Promise<number> {
  block ??= claimBlock();
  const first = await block;
  for (let tries = 1; tries < BLOCK_SIZE; tries++) {
    const port = first + 1 + (given++ % (BLOCK_SIZE - 1));
    const server = await listeningOn(port);
    if (!server) continue;
    server.close();
    await once(server, "close");
    return port;
  }
  return assert.fail(`no free port from ${first} on`);
}

/** @returns the first port of a block that belongs to this process until it ends */
async function claimBlock(): Promise<number> {
  for (let n = 0; n < BLOCKS; n++) {
    const first = FIRST_PORT + ((process.pid + n) % BLOCKS) * BLOCK_SIZE;
    const server = await listeningOn(first);
    if (!server) continue;
    server.unref();
    return first;
  }
  return assert.fail("no free block of ports");
}

/** A server that listens on a port; `undefined` when the port is taken. */
async function listeningOn(port: number): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  try {
    await once(server.listen(port), "listening");
    return server;
  } catch {
    return undefined;
  }
}
