/** What the router and its callers tell each other: versions, files and shapes, data only. */

import type {
  Address,
  Color,
  ColorTraffic,
  DirectMark,
  PerColor,
  Weights,
} from "../../../model.ts";
import { isServed } from "../../../model.ts";
import type { ProcessIdentity } from "../../../process-identity.ts";

/** Version of the admin interface that this code serves. */
export const protocolVersion = 1;
/** Oldest version of a running router that this code can still talk to. */
export const oldestProtocol = 1;

/** Newest version of the routes file that this code can read. */
export const routesSchema = 2;

/** Names inside the router's folder. */
export const routerFiles = {
  routes: "routes.json",
  backup: "routes.backup.json",
  identity: "router.json",
  lock: "router.lock",
  socket: "router.sock",
  log: "router.log",
  accessLog: "access.log",
  startupError: "startup-error.json",
} as const;

/** How a router is to run. */
export interface RouterSpec {
  /** The router's own folder: made with mode 0700, holds its routes, logs and socket. */
  readonly dir: string;
  /** Address to listen on. */
  readonly host: string;
  /** Port to listen on; 0 lets the system choose. */
  readonly port: number;
  /** PEM files; null listens without TLS. */
  readonly tls: { readonly cert: string; readonly key: string } | null;
  /** Milliseconds after which a color without traffic loses its upgraded connections. */
  readonly drainMs: number;
  readonly accessLog: boolean;
  /**
   * Milliseconds that new requests wait at most while the color that loses its traffic finishes,
   * so that the two never serve at once; 0: they may, and nothing waits.
   */
  readonly pauseMs: number;
  /** Whether clients stay with the color that they met while both have traffic. */
  readonly sticky: boolean;
}

/** What can be changed without a restart. */
export type RouterSettings = Pick<RouterSpec, "drainMs" | "accessLog" | "pauseMs" | "sticky">;

/** The whole desired state of the routes; set, never toggled. */
export interface RouterRoutes {
  readonly schema: number;
  readonly weights: Weights;
  readonly generation: number;
  /** Null until a rollout first wrote the routes. */
  readonly rolloutId: string | null;
  readonly attached: PerColor<readonly Address[]>;
  readonly mark: DirectMark | null;
  /** Where a direct rollback may return to; null: nowhere, or written before this was stored. */
  readonly former: Color | null;
}

/** Traffic of one color, either its normal requests or its previews. */
export interface TrafficStatus extends ColorTraffic {
  /** Open upgraded connections; they are part of `open`. */
  readonly upgraded: number;
  /**
   * Requests whose client left before a reply, and soon, or with a part of its body to come; they
   * aren't part of `requests`.
   */
  readonly abandoned: number;
  /** Time from a request's head to its reply's head; the last count is above every bound. */
  readonly latency: {
    readonly boundsMs: readonly number[];
    readonly counts: readonly number[];
    readonly sumMs: number;
  };
}

/** A color that lost all its traffic and still has something open. */
export interface DrainStatus {
  /** ISO 8601, as `until`, when its upgraded connections are closed. */
  readonly since: string;
  readonly until: string;
  readonly requests: number;
  readonly upgraded: number;
}

export interface InstanceStatus {
  readonly address: Address;
  /** Failed attempts to connect since the instance was attached. */
  readonly refused: number;
  /** Null unless it is left out for a moment because it refused a connection. */
  readonly ejectedUntil: string | null;
}

export interface ColorStatus {
  /** Requests by weight. */
  readonly live: TrafficStatus;
  /** Requests that asked for the color by header. */
  readonly preview: TrafficStatus;
  readonly draining: DrainStatus | null;
  readonly instances: readonly InstanceStatus[];
}

/** Everything that a running router knows of itself. */
export interface RouterStatus extends ProcessIdentity {
  readonly protocol: number;
  readonly state: "serving" | "inactive" | "stopping";
  /** ISO 8601; the counters start here. */
  readonly startedAt: string;
  readonly spec: RouterSpec;
  /** Where it really listens. */
  readonly listen: { readonly host: string; readonly port: number; readonly tls: boolean };
  readonly routes: RouterRoutes;
  readonly colors: PerColor<ColorStatus>;
  /** Requests answered 503 because no color took them. */
  readonly unrouted: number;
  /** Requests that wait while a switch pauses them. */
  readonly waiting: number;
  /** What is wrong with the router itself; one sentence each. */
  readonly problems: readonly string[];
}

/** What a running router leaves in its folder, for those who must find or stop it. */
export interface RouterIdentity extends ProcessIdentity {
  readonly protocol: number;
  readonly socket: string;
  readonly spec: RouterSpec;
}

/** Body of `PUT /routes`. */
export interface RoutesChange {
  readonly routes: Omit<RouterRoutes, "schema">;
  /** Refuse unless the routes in force have this generation; only then the own may be lower. */
  readonly ifGeneration?: number;
}

/** An error as it travels over the admin interface. */
export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
  readonly details: readonly string[];
}

export function hasTraffic(routes: Pick<RouterRoutes, "weights">, color: Color): boolean {
  return isServed(routes.weights, color);
}
