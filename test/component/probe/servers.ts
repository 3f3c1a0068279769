/** Real servers on free loopback ports, good ones and broken ones, ended after each test. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttp } from "node:http";
import type { RequestListener } from "node:http";
import { createServer as createHttps } from "node:https";
import { createServer as createTcp } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TestServer {
  /** `host:port` */
  readonly address: string;
  readonly url: string;
  readonly port: number;
  /** Connections that were opened so far. */
  readonly connections: () => number;
  close(): Promise<void>;
}

export class Servers {
  private readonly open: TestServer[] = [];

  http(listener: RequestListener): Promise<TestServer> {
    return this.start(createHttp(listener), "http");
  }

  https(listener: RequestListener, identity: { key: string; cert: string }): Promise<TestServer> {
    return this.start(createHttps(identity, listener), "https");
  }

  /** Anything that isn't HTTP. */
  tcp(listener: (socket: Socket) => void): Promise<TestServer> {
    return this.start(createTcp(listener), "http");
  }

  /** An address where nobody listens. */
  async nobody(): Promise<string> {
    const server = await this.tcp((socket) => socket.destroy());
    await server.close();
    return server.address;
  }

  async close(): Promise<void> {
    await Promise.all(this.open.splice(0).map((server) => server.close()));
  }

  private async start(server: Server, scheme: string): Promise<TestServer> {
    const sockets = new Set<Socket>();
    let connections = 0;
    server.on("connection", (socket: Socket) => {
      connections += 1;
      sockets.add(socket);
      socket.on("error", () => sockets.delete(socket));
      socket.on("close", () => sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const address = `127.0.0.1:${port}`;
    const started: TestServer = {
      address,
      port,
      url: `${scheme}://${address}`,
      connections: () => connections,
      close: () =>
        new Promise((resolve) => {
          server.close(() => {
            resolve();
          });
          for (const socket of sockets) socket.destroy();
        }),
    };
    this.open.push(started);
    return started;
  }
}

/** A throw-away key and a certificate that nobody signed; null without openssl. */
export function selfSigned(): { key: string; cert: string } | null {
  const folder = mkdtempSync(join(tmpdir(), "bluegreen-cert-"));
  const [keyFile, certFile] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const files = ["-keyout", keyFile, "-out", certFile];
  try {
    const request = ["req", "-x509", ...curve, "-subj", "/CN=localhost", "-days", "1", ...files];
    execFileSync("openssl", request, { stdio: "ignore" });
    return { key: readFileSync(keyFile, "utf8"), cert: readFileSync(certFile, "utf8") };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A name that no resolver is asked for: one label is longer than 63 characters. */
export const unresolvable = `${"x".repeat(64)}.invalid:80`;
/** The limited broadcast address: connecting to it fails in the kernel. */
export const unroutable = "255.255.255.255:80";
