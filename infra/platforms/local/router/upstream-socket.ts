/** Connections to instances that read a waiting reply to its end, also when writing has failed. */

import type { ClientRequestArgs } from "node:http";
import { Agent } from "node:http";
import type { TcpNetConnectOpts } from "node:net";
import { Socket } from "node:net";

type Written = (error?: Error | null) => void;

/** Makes the connections of an agent. */
export class UpstreamAgent extends Agent {
  override createConnection(options: ClientRequestArgs): Socket {
    const socket = new UpstreamSocket(options);
    if (options.timeout !== undefined) socket.setTimeout(options.timeout);
    return socket.connect(options as TcpNetConnectOpts);
  }
}

/**
 * An instance may refuse a body by a reply and an end of the connection: the next write then fails
 * while the reply waits to be read, and a stream that failed reads no more. So the failure is told
 * only once everything was read. Whoever waits for a reply has a deadline and destroys the socket.
 */
class UpstreamSocket extends Socket {
  override _write(chunk: unknown, encoding: BufferEncoding, done: Written): void {
    super._write(chunk, encoding, this.#afterReading(done));
  }

  override _writev(chunks: { chunk: unknown; encoding: BufferEncoding }[], done: Written): void {
    super._writev?.(chunks, this.#afterReading(done));
  }

  #afterReading(done: Written): Written {
    return (error) => {
      if (error === undefined || error === null || this.readableEnded || this.destroyed) {
        done(error);
        return;
      }
      const fail = (): void => {
        this.off("end", fail);
        this.off("close", fail);
        done(error);
      };
      this.on("end", fail);
      this.on("close", fail);
    };
  }
}
