/** Type tokens and inputs of the platform's resources. */

import type { Address, Color, PerColor } from "../../../model.ts";
import type { RoutesInputs } from "../../../provider/routes.ts";
import type { ColorSpec } from "../../local/supervisor/color-spec.ts";
import type { SshAccess } from "../hosts/open-ssh.ts";
import type { RouterPlace } from "../place.ts";
import type { Rotation } from "../rotation.ts";

export const routerType = "bluegreen-core:proxy:Router";
export const routeType = "bluegreen-core:proxy:Route";
export const serverType = "bluegreen-core:proxy:Server";

/** The server that routes. */
export type RouterInputs = RouterPlace;

/** What it does: the flip. */
export interface RouteInputs extends RouterPlace, RoutesInputs {
  readonly reserved: PerColor<readonly Address[]>;
}

/** A machine of a color with a release on it. */
export interface ServerInputs {
  readonly address: Address;
  readonly color: Color;
  readonly version: string;
  readonly digest: string;
  readonly install: readonly string[];
  /** Empty: nothing is done. */
  readonly remove: readonly string[];
  readonly health: ColorSpec["health"];
  readonly startMs: number;
  /** Null: the commands run on this machine. */
  readonly ssh: SshAccess | null;
  /** What it is taken out of meanwhile; null: its router can't do that. */
  readonly rotation: Rotation | null;
  /** Working folder of commands on this machine. */
  readonly cwd: string;
}
