/** An upgraded connection: bytes both ways until one side, or the drain deadline, ends it. */

import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

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
}

export class Tunnel {
  readonly #client: Duplex;
  readonly #upstream: Socket;

  /** `onClosed` is called once, when the client's side is closed. */
  constructor(ends: TunnelEnds, onClosed: () => void) {
    const { client, upstream } = ends;
    this.#client = client;
    this.#upstream = upstream;
    upstream.setTimeout(0);
    upstream.setNoDelay(true);
    upstream.setKeepAlive(true, keepAliveProbeMs);
    if (ends.fromClient.length > 0) upstream.write(ends.fromClient);
    if (ends.fromUpstream.length > 0) client.write(ends.fromUpstream);
    closeTogether(client, upstream);
    closeTogether(upstream, client);
    client.once("close", onClosed);
    client.pipe(upstream);
    upstream.pipe(client);
  }

  /** Ends both sides; what was already received still gets through. */
  end(): void {
    this.#client.end();
    this.#upstream.end();
    const cut = setTimeout(() => {
      this.#client.destroy();
      this.#upstream.destroy();
    }, endGraceMs);
    this.#client.once("close", () => {
      clearTimeout(cut);
    });
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
