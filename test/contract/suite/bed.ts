/** What a platform's contract file brings: the platform, an application, and hands on both. */

import type { Settings } from "../../../infra/config.ts";
import type { Address, Color, ColorOutputs } from "../../../infra/model.ts";
import type { Platform, RouterOutputs, Routes } from "../../../infra/platform.ts";

/** What differs between platforms by their nature; the platform's page tells it to users. */
export interface Traits {
  /** Status of a reply while no color is active; null: no reply at all. */
  readonly inactiveStatus: number | null;
  /** Whether the preview header reaches the idle color through the public address. */
  readonly preview: boolean;
  /** Whether `read` counts requests per color. */
  readonly counts: boolean;
  /** Whether the router refuses routes of a lower generation than those that serve; default no. */
  readonly ordered?: boolean;
  /**
   * Whether more instances make the router close connections that clients keep: a request on its
   * way at that moment fails, unless the client sends it again; default no.
   */
  readonly closesIdle?: boolean;
}

/** An answer of the bed's application, which says its color and version in the body. */
export interface Reply {
  readonly status: number;
  /** The color as the color header names it; null without that header. */
  readonly named: Color | null;
  readonly body: string;
}

export interface Asking {
  readonly preview?: Color;
  /** Whether a connection of a former request may be used; default false. */
  readonly reused?: boolean;
}

/** `unhealthy`: its health path says so from now on; `crash-loop`: it ends again and again. */
export type Breakage = "unhealthy" | "crash-loop";

export interface Filling {
  readonly version: string;
  /** Number of instances; default: as the settings say. */
  readonly size?: number;
}

/**
 * One environment on the real platform, its own and empty at first. Its application answers every
 * path with `COLOR VERSION`; a version that begins with `sick` never becomes healthy.
 */
export interface PlatformBed {
  readonly platform: Platform;
  readonly settings: Settings;
  readonly traits: Traits;
  /** Settings that differ from `settings` in one thing that a release covers, by its name. */
  readonly changes: Readonly<Record<string, Settings>>;
  /** Freezes the release, stores it, applies the platform's color and waits for its addresses. */
  fill(color: Color, filling: Filling): Promise<ColorOutputs>;
  /** Removes everything of the color, also after a filling that failed. */
  empty(color: Color): Promise<void>;
  /** Applies the platform's router. */
  route(routes: Routes): Promise<RouterOutputs>;
  removeRouter(): Promise<void>;
  /** One request to the public address; rejects when there is no whole reply. */
  ask(asking?: Asking): Promise<Reply>;
  /** One request to an instance; null when it can't be reached. */
  askInstance(address: Address): Promise<Reply | null>;
  breakColor(color: Color, how: Breakage): Promise<void>;
  /** Starts an instance that isn't the platform's; its body is `given` and the version. */
  give(version: string): Promise<Address>;
  /** Whatever the platform has written or made so far, so that two looks can be compared. */
  traces(): Promise<readonly string[]>;
  /** Processes, pods or tasks of a color that are still there. */
  leftovers(color: Color): Promise<readonly string[]>;
  /** Ends everything, also after a failure. */
  dispose(): Promise<void>;
}

export type MakeBed = () => Promise<PlatformBed>;
