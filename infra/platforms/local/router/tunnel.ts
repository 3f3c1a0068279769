/** An upgraded connection: bytes both ways until one side, or the drain deadline, ends it. */

import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

import { FrameReader, closeFrame } from "./websocket-frames.ts";

/** A peer that doesn't answer the end of a connection for this long is cut off. */
const endGraceMs = 1000;
/** How long the remaining bytes may take once the other side is closed. */
const flushMs = 30_000;
/** Finds peers that vanished without a word. */
const keepAliveProbeMs = 60_000;

export interface TunnelEnds {
  readonly client: Duplex;
  readonly upstream: Socket;
  /** Bytes that came right behind the heads. */
  readonly fromClient: Buffer;
  readonly fromUpstream: Buffer;
  /** Both sides agreed on WebSocket frames. */
  readonly isWebSocket: boolean;
}

export class Tunnel {
  readonly #client: Duplex;
  readonly #upstream: Socket;
  readonly #toClient: Relay;
  readonly #toUpstream: Relay;
  #ending = false;

  /** `onClosed` is called once, when the client's side is closed. */
  constructor(ends: TunnelEnds, onClosed: () => void) {
    const { client, upstream, isWebSocket } = ends;
    this.#client = client;
    this.#upstream = upstream;
    upstream.setTimeout(0);
    upstream.setNoDelay(true);
    upstream.setKeepAlive(true, keepAliveProbeMs);
    closeTogether(client, upstream);
    closeTogether(upstream, client);
    client.once("close", onClosed);
    const last = (to: "client" | "server") => (isWebSocket ? () => closeFrame(to) : null);
    this.#toUpstream = new Relay(client, upstream, ends.fromClient, last("server"));
    this.#toClient = new Relay(upstream, client, ends.fromUpstream, last("client"));
  }

  /**
   * Ends both sides; what was already received still gets through. Both ends of a WebSocket are
   * told by a close frame, "going away": each as soon as the frame on its way is whole. Where that
   * takes longer than the grace, or the protocol isn't WebSocket, the connection just ends: bytes
   * within a frame would be taken for a part of it.
   */
  end(): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#toClient.end();
    this.#toUpstream.end();
    const cut = setTimeout(() => {
      this.#client.destroy();
      this.#upstream.destroy();
    }, endGraceMs);
    this.#client.once("close", () => {
      clearTimeout(cut);
    });
  }
}

const nothing = Buffer.alloc(0);

/** One direction of a tunnel. */
class Relay {
  readonly #from: Duplex;
  readonly #to: Duplex;
  readonly #frames = new FrameReader();
  /** Makes what is said last; null where nothing may be said. */
  readonly #last: (() => Buffer) | null;
  readonly #follow = (bytes: Buffer): void => {
    this.#frames.read(bytes);
  };

  constructor(from: Duplex, to: Duplex, first: Buffer, last: (() => Buffer) | null) {
    this.#from = from;
    this.#to = to;
    this.#last = last;
    if (first.length > 0) to.write(first);
    if (last !== null) {
      this.#frames.read(first);
      from.on("data", this.#follow);
    }
    from.pipe(to);
  }

  end(): void {
    this.#from.off("data", this.#follow);
    this.#from.unpipe(this.#to);
    if (this.#frames.isBetweenFrames) this.#finish(nothing);
    else this.#passFrame();
  }

  /** What is left of the frame on its way, and nothing behind it. */
  #passFrame(): void {
    const pass = (bytes: Buffer): void => {
      const end = this.#frames.read(bytes);
      if (end !== null) {
        this.#from.off("data", pass);
        this.#finish(bytes.subarray(0, end));
      } else if (!this.#to.write(bytes)) {
        this.#from.pause();
        this.#to.once("drain", () => this.#from.resume());
      }
    };
    this.#from.on("data", pass);
    this.#from.once("end", () => this.#to.end());
    this.#from.resume();
  }

  /** Whatever still comes is read and dropped, so that the end isn't a reset. */
  #finish(rest: Buffer): void {
    const last = this.#last === null || this.#frames.isClosed ? nothing : this.#last();
    this.#to.end(Buffer.concat([rest, last]));
    this.#from.resume();
  }
}

/** Once a side is closed the other one has nobody to talk to. */
function closeTogether(side: Duplex, other: Duplex): void {
  side.on("error", () => {
    // A reset is an ordinary end of a connection here: "close" follows and does the work.
    side.destroy();
  });
  side.once("close", () => {
    const cut = setTimeout(() => other.destroy(), flushMs);
    other.once("close", () => {
      clearTimeout(cut);
    });
    if (other.writableFinished) other.destroy();
    else other.end(() => other.destroy());
  });
}
