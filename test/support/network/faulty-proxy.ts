import { once } from "node:events";
import { rm } from "node:fs/promises";
import { connect, createServer, type NetConnectOpts, type Server, type Socket } from "node:net";

/** Where to listen, or where to connect to: a TCP port, of this machine unless a host is named, or a unix socket. */
export type Place = { readonly port: number; readonly host?: string } | { readonly path: string };

/**
 * - `pass`: hands on everything
 * - `hang`: takes connections and bytes, and hands nothing on until it passes again
 * - `reset`: takes connections, and resets them at once
 */
export type Mode = "pass" | "hang" | "reset";

/** A proxy between the app and a service, to do to their connections what networks do. */
export class FaultyProxy {
  readonly #listenAt: Place;
  readonly #target: Place;
  /** Each client's connection, and the one that was made for it; none for one that was abandoned. */
  readonly #connections = new Map<Socket, Socket | undefined>();
  #server: Server | undefined;
  #mode: Mode = "pass";

  constructor(listenAt: Place, target: Place) {
    this.#listenAt = listenAt;
    this.#target = target;
  }

  /** Listens; after {@link refuse}, at the same place as before. */
  async open(mode: Mode = "pass"): Promise<void> {
    this.turn(mode);
    if (this.#server) return;
    if ("path" in this.#listenAt) await rm(this.#listenAt.path, { force: true });
    this.#server = createServer((near) => this.#accept(near));
    this.#server.listen(local(this.#listenAt));
    await once(this.#server, "listening");
  }

  /** Changes what happens from now on to bytes, and to new connections. */
  turn(mode: Mode): void {
    this.#mode = mode;
    for (const [near, far] of this.#connections) {
      if (!far) continue;
      for (const socket of [near, far]) mode === "hang" ? socket.pause() : socket.resume();
    }
  }

  /** Resets every connection there is. */
  cut(): void {
    for (const near of this.#connections.keys()) reset(near);
  }

  /** Lets every connection there is fall silent for ever, without a word, as when a machine is gone. */
  abandon(): void {
    for (const [near, far] of this.#connections) {
      near.unpipe().pause();
      this.#connections.set(near, undefined);
      far?.unpipe().destroy();
    }
  }

  /** Resets every connection, and refuses new ones until {@link open}. */
  async refuse(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    const closed = once(server, "close");
    server.close();
    this.cut();
    await closed;
  }

  #accept(near: Socket): void {
    near.on("error", () => {});
    if (this.#mode === "reset") {
      reset(near);
      return;
    }
    const far = connect(local(this.#target));
    far.on("error", () => {});
    this.#connections.set(near, far);
    near.pipe(far);
    far.pipe(near);
    if (this.#mode === "hang") this.turn("hang");
    near.once("close", () => {
      this.#connections.get(near)?.destroy();
      this.#connections.delete(near);
    });
    far.once("close", () => {
      if (this.#connections.get(near) === far) near.destroy();
    });
  }
}

function local(place: Place): NetConnectOpts & Place {
  return "port" in place ? { host: "127.0.0.1", ...place } : place;
}

/** Only TCP has a reset. A unix socket is closed, which its other end sees as an end without notice just as well. */
function reset(socket: Socket): void {
  if (socket.remoteAddress) socket.resetAndDestroy();
  else socket.destroy();
}
