/** What differs between nginx and HAProxy; everything else of a router is the same for both. */

import type { BlueGreenError } from "../../errors.ts";
import type { Address, ColorTraffic, PerColor } from "../../model.ts";
import type { Host } from "./host.ts";
import type { RouterSpec } from "./spec.ts";

export type Attached = PerColor<readonly Address[]>;

export interface Rendering {
  readonly spec: RouterSpec;
  /** The addresses of each color: those that are attached, or reserved for it. */
  readonly attached: Attached;
  /** Told by the server when it is asked which configuration it runs. */
  readonly version: string;
}

export interface Dialect {
  /** The whole text of our file, for this mode. PURE; everything in it was judged before. */
  render(rendering: Rendering): string;
  /** Tests the configuration that the server would read; managed: the one in `file`. */
  checkArgv(spec: RouterSpec, file?: string): readonly string[];
  /** Starts a managed server, which leaves its starter's process. */
  startArgv(spec: RouterSpec): readonly string[];
  /** @throws SETTINGS_INVALID when a managed server would have rights there that it mustn't have */
  allowStart(host: Host, spec: RouterSpec): Promise<void>;
  /** Signals to the managed server's first process. */
  readonly signals: { readonly reload: string; readonly quit: string; readonly stop: string };
  /** What a failed test or start means. */
  explain(spec: RouterSpec, output: string): BlueGreenError;
  /** Makes the files that the configuration names. */
  prepare(host: Host, spec: RouterSpec): Promise<void>;
  /** What of a server that runs well will be in the way sooner or later; absent: nothing can be. */
  troubles?(host: Host, spec: RouterSpec): Promise<readonly string[]>;
  /** Name of the state that the server has, or will have once it starts; null: none yet. */
  pointer(host: Host, spec: RouterSpec): Promise<string | null>;
  /**
   * Makes the server follow this state at once, and after a restart. `running`: whether there is a
   * server to be told.
   *
   * @throws STORE_FAILED, ROUTER_DOWN; the former state then stays in effect.
   */
  point(host: Host, spec: RouterSpec, to: { name: string; running: boolean }): Promise<void>;
  /** Requests by color since the server started counting. @throws ROUTER_DOWN */
  traffic(host: Host, spec: RouterSpec, attached: Attached): Promise<PerColor<ColorTraffic>>;
}
