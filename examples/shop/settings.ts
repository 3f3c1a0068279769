/** Reads what one shop instance is told by its environment variables. */
import { faultOf } from "./fault.ts";
import type { Fault } from "./fault.ts";

export interface ShopSettings {
  readonly host: string;
  /** 0 lets the system choose a free port. */
  readonly port: number;
  readonly version: string;
  readonly color: string;
  /** File that both colors and all instances share. */
  readonly database: string;
  readonly fault: Fault;
}

/** Defaults: 127.0.0.1:8080, version 1, no color, shop.db here. Throws an Error on a bad value. */
export function settingsFrom(env: NodeJS.ProcessEnv): ShopSettings {
  const version = env["VERSION"] ?? "1";
  return {
    host: env["HOST"] ?? "127.0.0.1",
    port: portFrom(env["PORT"] ?? "8080"),
    version,
    color: env["COLOR"] ?? "none",
    database: env["DATABASE"] ?? "shop.db",
    fault: faultOf(env["BREAK"], version),
  };
}

function portFrom(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new Error(`PORT is ${text}, not a port`);
  return port;
}
