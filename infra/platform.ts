/** What a platform must offer: one folder each under `platforms/`, one line in the registry. */

import type * as pulumi from "@pulumi/pulumi";
import type { Settings } from "./config.ts";
import type { Address, Color, ColorOutputs, PerColor, Release } from "./model.ts";
import type { DirectMark, RouterReading, Weights } from "./model.ts";

/** A release as a color is to run it: what the digest covers, and the inputs frozen with it. */
export interface Frozen {
  readonly release: Release;
  /** The platform's own inputs; may hold secrets, so it is a secret in every stack's state. */
  readonly spec: unknown;
}

export interface ColorArgs {
  readonly settings: Settings;
  readonly color: Color;
  readonly frozen: Frozen;
  /** Number of instances. */
  readonly size: number;
  readonly rolloutId: string;
}

/** A component that serves one release. */
export interface ColorResource extends pulumi.ComponentResource {
  /** Known once every instance is healthy. */
  readonly addresses: pulumi.Output<readonly Address[]>;
}

/** What the router is to do, complete: setting it twice is the same as once. */
export interface Routes {
  readonly weights: Weights;
  readonly attached: PerColor<readonly Address[]>;
  /** Stored with the weights, so that a read-back can tell which update wrote them. */
  readonly generation: number;
  readonly rolloutId: string;
  /** Set by a rollback: cut short before its record is stored, it is still known as one. */
  readonly mark: DirectMark | null;
  /** Where a direct rollback may return to without the record; null: nowhere. */
  readonly former: Color | null;
}

export interface RouterArgs {
  readonly settings: Settings;
  readonly routes: Routes;
}

/** A component with what both colors share, and the flip. */
export interface RouterResource extends pulumi.ComponentResource {
  /** Known once the routes are set. */
  readonly outputs: pulumi.Output<RouterOutputs>;
}

export interface RouterOutputs {
  /** Public address of the application. */
  readonly url: string;
}

/** Whose data plane is asked. */
export interface Scope {
  readonly settings: Settings;
  readonly colors: PerColor<ColorOutputs | null>;
}

/** A write past the engine: a switch that isn't served in time goes back, `rollback --direct`. */
export interface DirectRoutes {
  readonly weights: Weights;
  readonly generation: number;
  readonly rolloutId: string;
  /** For the next `up` to take over; null when the record needs no change. */
  readonly mark: DirectMark | null;
  /** Where a direct rollback may return to after this one. */
  readonly former: Color | null;
  /**
   * Undoes the write of this generation, and only that: then the own one may be lower. Without it a
   * router that serves a higher generation than the own one refuses.
   */
  readonly replaces?: number;
}

export interface Cost {
  /** Money per hour in `currency`; null where this platform costs nothing that it knows of. */
  readonly perHour: number | null;
  readonly currency: string;
  readonly sentence: string;
}

/** Whose log: a color's instances, the router itself, or the requests that it served. */
export type LogSource = Color | "router" | "access";

export interface LogQuery {
  readonly source: LogSource;
  /** Lines of each instance that were written before. */
  readonly tail: number;
  /** Goes on with new lines until this is aborted; null: the end is the end. */
  readonly follow: AbortSignal | null;
  /** Only this instance, counted from 0; null: all. */
  readonly instance: number | null;
}

export interface LogEntry {
  readonly source: LogSource;
  /** Null where it isn't an instance's. */
  readonly instance: number | null;
  /** As it was written, control characters and all. */
  readonly line: string;
}

/** What a platform finds when it looks at its own parts; `bluegreen doctor` prints it. */
export interface Diagnosis {
  /** `note`: worth knowing; `problem`: something doesn't work, or soon won't. */
  readonly level: "ok" | "note" | "problem";
  readonly subject: string;
  readonly sentence: string;
  /** What to do; null where nothing is to be done. */
  readonly fix: string | null;
}

/** What runs in a color, whatever its stack says of it. */
export interface Contents {
  /** The rollout that put it there. */
  readonly rolloutId: string;
  readonly version: string;
  readonly ready: number;
  /** How many instances it shall have. */
  readonly total: number;
  readonly crashLoop: boolean;
  /** The next three are of the instance to blame, if any. */
  readonly restarts: number;
  readonly problem: string | null;
  /** The last line that it wrote. */
  readonly lastLine: string | null;
}

export interface Platform {
  readonly name: string;
  /** Type tokens that attaching, detaching and switching may touch; anything else is refused. */
  readonly flipTypes: readonly string[];
  /** What a release of these settings is. Writes only where `store` is true, never in a preview. */
  freeze(settings: Settings, args: { version: string; store: boolean }): Promise<Frozen>;
  /**
   * Refuses a release that can't be made any more as it is frozen, before anything is touched; absent:
   * each can. `serves` tells whether the color has traffic.
   */
  prepare?(
    args: Pick<ColorArgs, "settings" | "color" | "frozen"> & { readonly serves: boolean },
  ): Promise<void>;
  color(name: string, args: ColorArgs, opts: pulumi.ComponentResourceOptions): ColorResource;
  router(name: string, args: RouterArgs, opts: pulumi.ComponentResourceOptions): RouterResource;
  /** Asks the platform, not Pulumi's state. Never throws for a router that is down. */
  read(scope: Scope): Promise<RouterReading>;
  /** Writes the router past the engine; what is attached stays as it is. */
  flip?(scope: Scope, routes: DirectRoutes): Promise<void>;
  /** Lines of a log; absent where the platform's own tools show them. */
  logs?(settings: Settings, query: LogQuery): AsyncIterable<LogEntry>;
  /** Asks the color itself, for where its stack can't be trusted; null: nobody there can tell. */
  contents?(settings: Settings, color: Color): Promise<Contents | null>;
  /** What `status` tells beside the weights of where traffic is; one sentence each. */
  remarks?(settings: Settings, reading: RouterReading): readonly string[];
  /** Looks at everything of its own; never throws. */
  diagnose?(scope: Scope): Promise<readonly Diagnosis[]>;
  /**
   * Ends what a killed update started for an emptied color, and Pulumi doesn't know of. Says what
   * goes on all the same, in a sentence; null: nothing.
   */
  sweep?(settings: Settings, color: Color): Promise<string | null>;
  /**
   * Removes what no color needs any more, after one was emptied or is held; `held` is asked, with
   * secrets in clear, only where there is something to remove.
   */
  tidy?(settings: Settings, held: () => Promise<Scope["colors"]>): Promise<unknown>;
  /** Public address of the application. */
  url(settings: Settings): string;
  /** Configured number of instances of a color. */
  size(settings: Settings): number;
  cost(settings: Settings, size: number): Cost;
}
