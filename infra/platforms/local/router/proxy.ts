/** The data plane: takes each request, reads the routes once and starts its exchange. */

import type { IncomingMessage } from "node:http";
import { ServerResponse } from "node:http";

import type { Color } from "../../../model.ts";
import { isColor, perColor } from "../../../model.ts";
import { AccessLog } from "./access-log.ts";
import type { DataPlane, ExchangeStart } from "./exchange.ts";
import { Exchange } from "./exchange.ts";
import { previewOf, rewriteRequest } from "./headers.ts";
import { Pause } from "./pause.ts";
import { replyPlainly } from "./plain-reply.ts";
import type { RouterRoutes } from "./protocol.ts";
import { previewHeader } from "../../../headers.ts";
import type { Routes } from "./routes.ts";
import { compileRoutes, emptyRoutes, pickColor } from "./routes.ts";
import { cookieFor, keptColor } from "./sticky.ts";
import { ColorCounters } from "./traffic.ts";
import type { Tunnel } from "./tunnel.ts";
import type { UpstreamLimits } from "./upstream.ts";
import { defaultUpstreamLimits, openUpstreams } from "./upstream.ts";
import { UpgradingClient, WaitingClients } from "./waiting-clients.ts";

type Upgrade = ExchangeStart["upgrade"];

export class Proxy {
  readonly counters = perColor(() => new ColorCounters());
  readonly tunnels = perColor(() => new Set<Tunnel>());
  readonly exchanges = perColor(() => new Set<Exchange>());
  readonly pause = new Pause();
  /** Whether clients stay with the color that they met while both have traffic. */
  sticky = false;
  readonly #plane: DataPlane;
  readonly #waiting = new WaitingClients();
  readonly #edge: boolean;
  #routes: Routes = compileRoutes(emptyRoutes, null);
  #unrouted = 0;

  /** `edge`: the router itself ends TLS. */
  constructor(options: { readonly edge: boolean; readonly limits?: Partial<UpstreamLimits> }) {
    this.#edge = options.edge;
    this.#plane = {
      upstreams: openUpstreams(),
      limits: { ...defaultUpstreamLimits, ...options.limits },
      accessLog: null,
      stopping: false,
      tunnels: this.tunnels,
      exchanges: this.exchanges,
    };
  }

  get routes(): Routes {
    return this.#routes;
  }

  get unrouted(): number {
    return this.#unrouted;
  }

  get accessLog(): AccessLog | null {
    return this.#plane.accessLog;
  }

  /** The flip: one assignment. Requests that already began keep the color they have. */
  setRoutes(state: RouterRoutes): void {
    this.#routes = compileRoutes(state, this.#routes);
  }

  /** Null switches the access log off; the former one writes what it still holds. */
  async logTo(path: string | null): Promise<void> {
    const former = this.#plane.accessLog;
    this.#plane.accessLog = path === null ? null : new AccessLog(path);
    await former?.close();
  }

  /** From now on each reply ends its connection. */
  beginStop(): void {
    this.#plane.stopping = true;
  }

  /** Cuts what is still open. */
  async close(): Promise<void> {
    this.#plane.upstreams.reused.destroy();
    this.#plane.upstreams.fresh.destroy();
    await this.logTo(null);
  }

  handle(req: IncomingMessage, res: ServerResponse): void {
    this.#waiting.add(req, res);
    this.#route(req, res, null);
  }

  /** False while the client waits for a former reply: HTTP then still needs the connection. */
  canUpgrade({ socket }: IncomingMessage): boolean {
    return !this.#waiting.has(socket);
  }

  /** HTTP lets go of the socket here, so the reply to a refused upgrade must be tied to it. */
  handleUpgrade(req: IncomingMessage, first: Buffer): void {
    const { socket } = req;
    if (socket.destroyed || !this.canUpgrade(req)) {
      socket.destroy();
      return;
    }
    socket.on("error", () => {
      // The client's connection broke; "close" follows and ends the exchange.
      socket.destroy();
    });
    const res = new ServerResponse(req);
    res.shouldKeepAlive = false;
    res.assignSocket(socket);
    for (const event of ["drain", "timeout"]) socket.on(event, () => res.emit(event));
    res.once("finish", () => {
      res.detachSocket(socket);
      socket.end(() => socket.destroy());
      res.emit("close");
    });
    this.#route(req, res, new UpgradingClient(socket, first));
  }

  #route(req: IncomingMessage, res: ServerResponse, upgrade: Upgrade): void {
    const routes = this.#routes;
    const preview = previewOf(req.headers);
    const close = this.#plane.stopping || upgrade !== null;
    if (preview !== undefined && !isColor(preview)) {
      replyPlainly(res, 400, `bluegreen: ${previewHeader} must be blue or green\n`, {
        color: null,
        close,
      });
      return;
    }
    if (this.pause.holds(preview)) {
      const go = () => {
        this.#route(req, res, upgrade);
      };
      const admitted = this.pause.admit(res, go);
      if (admitted === "full")
        this.#replyUnrouted(res, "too many requests wait for a switch", close);
      if (admitted !== "go") return;
    }
    const named = preview ?? routes.cohort?.(req.rawHeaders) ?? null;
    const shared = this.sticky && named === null && routes.split;
    const kept = shared ? keptColor(req.headers.cookie, routes.state) : null;
    const color = named ?? kept ?? pickColor(routes, Math.random);
    if (color === null || routes.pools[color].instances.length === 0) {
      const why = color === null ? "no color is active" : `${color} isn't attached`;
      this.#replyUnrouted(res, why, close);
      return;
    }
    const cookie =
      shared && kept === null ? cookieFor(color, routes.state, { secure: this.#edge }) : null;
    this.#begin({ req, res, upgrade, color, preview: preview !== undefined, routes, cookie });
  }

  /** No color takes it: the client may come back. */
  #replyUnrouted(res: ServerResponse, why: string, close: boolean): void {
    this.#unrouted += 1;
    replyPlainly(res, 503, `bluegreen: ${why}\n`, { color: null, close, retryAfter: 1 });
  }

  #begin(request: {
    readonly req: IncomingMessage;
    readonly res: ServerResponse;
    readonly upgrade: Upgrade;
    readonly color: Color;
    readonly preview: boolean;
    readonly routes: Routes;
    readonly cookie: string | null;
  }): void {
    const { req, res, upgrade, color, preview, routes, cookie } = request;
    const { socket } = req;
    const head = rewriteRequest({
      method: req.method ?? "GET",
      url: req.url ?? "/",
      rawHeaders: req.rawHeaders,
      headers: req.headers,
      clientAddress: socket.remoteAddress,
      localHost: `${socket.localAddress ?? "localhost"}:${socket.localPort ?? 80}`,
      edge: this.#edge,
      upgrade: upgrade !== null,
    });
    if (head === null) {
      const text = "bluegreen: the request's target or transfer coding isn't supported\n";
      replyPlainly(res, 400, text, { color: null, close: true });
      return;
    }
    const pool = routes.pools[color];
    const counter = this.counters[color][preview ? "preview" : "live"];
    const start = { req, res, head, color, preview, pool, counter, upgrade, cookie };
    new Exchange(this.#plane, start).begin();
  }
}
