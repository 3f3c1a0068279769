/** The listening socket that clients meet, with or without TLS. */

import { readFileSync, unwatchFile, watchFile } from "node:fs";
import type { IncomingMessage, Server, ServerOptions } from "node:http";
import { createServer } from "node:http";
import type { Server as TlsServer } from "node:https";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { createSecureContext } from "node:tls";

import { BlueGreenError, messageOf } from "../../../errors.ts";
import type { RouterSpec } from "./protocol.ts";
import type { Proxy } from "./proxy.ts";

const limits: ServerOptions = {
  maxHeaderSize: 32_768,
  headersTimeout: 60_000,
  // Uploads may take as long as they need.
  requestTimeout: 0,
  // Longer than the 60 s that load balancers in front usually keep an idle connection.
  keepAliveTimeout: 75_000,
  // Finds clients that vanished without a word.
  keepAlive: true,
  keepAliveInitialDelay: 60_000,
};

/**
 * An upgrade to HTTP/2 is only an offer, and one with a body can't be tunnelled, nor one behind an
 * unanswered request: all are ordinary requests.
 */
function isUpgrade(req: IncomingMessage, proxy: Proxy): boolean {
  const { headers } = req;
  if (headers.upgrade?.toLowerCase() === "h2c") return false;
  if (headers["transfer-encoding"] !== undefined) return false;
  return Number(headers["content-length"] ?? 0) === 0 && proxy.canUpgrade(req);
}

const backlog = 1024;
/** Renewed certificates are noticed within this time by default. */
const certificatePollMs = 30_000;

type Tls = NonNullable<RouterSpec["tls"]>;

export class Listener {
  readonly #server: Server;
  readonly #spec: RouterSpec;
  readonly #unwatch: () => void;
  #problem: string | null = null;

  /** @throws BlueGreenError SETTINGS_INVALID when the certificate or its key can't be used. */
  constructor(spec: RouterSpec, proxy: Proxy, pollMs = certificatePollMs) {
    this.#spec = spec;
    const options: ServerOptions = {
      ...limits,
      shouldUpgradeCallback: (req) => isUpgrade(req, proxy),
    };
    if (spec.tls === null) {
      this.#server = createServer(options);
      this.#unwatch = () => undefined;
    } else {
      const server = createTlsServer({ ...options, ...readTls(spec.tls) });
      this.#server = server;
      this.#unwatch = watchTls(server, { ...spec.tls, pollMs }, (problem) => {
        this.#problem = problem;
      });
    }
    // Heads are limited by size; a limit by count would drop headers without a word.
    this.#server.maxHeadersCount = 0;
    this.#server.on("request", proxy.handle.bind(proxy));
    this.#server.on("checkContinue", proxy.handle.bind(proxy));
    this.#server.on("upgrade", (req, _socket, first) => {
      proxy.handleUpgrade(req, first);
    });
  }

  /** The port that it really listens on. */
  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? this.#spec.port;
  }

  /** About the certificate, as one sentence; null while all is well. */
  get problem(): string | null {
    return this.#problem;
  }

  /** @throws BlueGreenError PORT_IN_USE, or SETTINGS_INVALID for an address that can't be had. */
  async listen(): Promise<void> {
    const { host, port } = this.#spec;
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const fail = (error: NodeJS.ErrnoException) => {
      reject(listenError(error, this.#spec));
    };
    this.#server.once("error", fail);
    this.#server.listen({ host, port, backlog }, () => {
      this.#server.off("error", fail);
      resolve(undefined);
    });
    await promise;
  }

  /** No new connection from now on; the idle ones are closed, requests in flight go on. */
  stop(): void {
    this.#unwatch();
    this.#server.close();
  }

  closeIdle(): void {
    this.#server.closeIdleConnections();
  }

  /** Cuts whatever is left. */
  closeAll(): void {
    this.#server.closeAllConnections();
  }
}

function readTls(tls: Tls): { cert: Buffer; key: Buffer } {
  try {
    const pair = { cert: readFileSync(tls.cert), key: readFileSync(tls.key) };
    createSecureContext(pair);
    return pair;
  } catch (error) {
    throw new BlueGreenError("SETTINGS_INVALID", `TLS can't be set up: ${messageOf(error)}`, {
      hint: `Check that ${tls.cert} and ${tls.key} are readable PEM files that belong together.`,
      cause: error,
    });
  }
}

function watchTls(
  server: TlsServer,
  tls: Tls & { readonly pollMs: number },
  tell: (problem: string | null) => void,
): () => void {
  const reload = () => {
    try {
      server.setSecureContext(readTls(tls));
      tell(null);
    } catch (error) {
      tell(`the renewed certificate isn't used: ${messageOf(error)}`);
    }
  };
  const paths = [tls.cert, tls.key];
  for (const path of paths) {
    watchFile(path, { interval: tls.pollMs, persistent: false }, reload);
  }
  return () => {
    for (const path of paths) unwatchFile(path, reload);
  };
}

function listenError(error: NodeJS.ErrnoException, spec: RouterSpec): BlueGreenError {
  const { host, port } = spec;
  if (error.code === "EADDRINUSE") {
    const finder =
      process.platform === "linux"
        ? `ss -ltnp 'sport = :${port}'`
        : `lsof -nP -iTCP:${port} -sTCP:LISTEN`;
    return new BlueGreenError(
      "PORT_IN_USE",
      `port ${port} on ${host} is taken by another process`,
      {
        hint: `Find it with \`${finder}\`, or choose another port in the settings.`,
        cause: error,
      },
    );
  }
  const hint =
    error.code === "EACCES"
      ? "Ports below 1024 need a privilege: choose a higher one."
      : "Check host and port in the settings.";
  const message = `can't listen on ${host}:${port}: ${error.message}`;
  return new BlueGreenError("SETTINGS_INVALID", message, { hint, cause: error });
}
