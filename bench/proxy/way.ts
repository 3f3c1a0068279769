/** A way to move traffic that is measured: bluegreen's flip, or the recipe that people use. */

import type { Color } from "../../infra/model.ts";

export interface Way {
  /** Public address, `http://host:port`. */
  readonly url: string;
  /** All traffic to this color; fulfilled when the call, not when the traffic has moved. */
  flip(color: Color): Promise<void>;
  end(): Promise<void>;
}

/** What a way is made of. */
export interface WayOrder {
  /** The server's program. */
  readonly program: string;
  /** A folder for it alone that also the workers' account may enter. */
  readonly dir: string;
  /** Free on loopback. */
  readonly port: number;
  readonly addresses: Readonly<Record<Color, string>>;
}
