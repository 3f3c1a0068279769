/** Type tokens and inputs of the local platform's resources. */

import type { RoutesInputs } from "../../provider/routes.ts";
import type { ColorSpec } from "./supervisor/color-spec.ts";

export const routerType = "bluegreen-core:local:Router";
export const routeType = "bluegreen-core:local:Route";
export const instancesType = "bluegreen-core:local:Instances";

/** The router process. */
export interface RouterInputs {
  readonly dir: string;
  readonly host: string;
  readonly port: number;
  /** The engine drops nulls on their way: absent is null. */
  readonly tls?: { readonly cert: string; readonly key: string } | null;
  readonly drainMs: number;
  readonly accessLog: boolean;
  /** Absent, which is 0, in what an older bluegreen wrote. */
  readonly pauseMs?: number;
  /** Absent, which is false, in what an older bluegreen wrote. */
  readonly sticky?: boolean;
}

/** What the router does: the flip. */
export interface RouteInputs extends RoutesInputs {
  readonly dir: string;
}

/** The processes of a color. */
export interface InstancesInputs {
  readonly dir: string;
  readonly spec: ColorSpec;
}
