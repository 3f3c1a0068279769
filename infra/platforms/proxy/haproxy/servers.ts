/** The state of single instances on HAProxy: taken out for a while, and put back. */

import { BlueGreenError } from "../../../errors.ts";
import type { Address, Color } from "../../../model.ts";
import type { Host } from "../host.ts";
import { targetText } from "../safe-text.ts";
import type { RouterSpec } from "../spec.ts";
import { backendName } from "./config.ts";
import { command, runtime } from "./runtime.ts";
import type { Row } from "./stats.ts";
import { numberIn, stateRows } from "./stats.ts";

/** `drain`: no new requests, those in flight end; `maint`: as if it weren't there. */
export type ServerMode = "ready" | "drain" | "maint";

/** Bits of HAProxy's administrative state that were set by a command. */
const forcedMaintenance = 0x01;
const forcedDrain = 0x08;

export interface ServerRow {
  readonly name: string;
  readonly address: Address;
  readonly mode: ServerMode;
}

/** @throws ROUTER_DOWN */
export async function serverModes(
  host: Host,
  spec: RouterSpec,
  color: Color,
): Promise<readonly ServerRow[]> {
  const backend = backendName(spec, color);
  const rows = stateRows(await runtime(host, spec, `show servers state ${backend}`));
  return rows.map((row) => ({
    name: row["srv_name"] ?? "",
    address: addressOf(row),
    mode: modeOf(numberIn(row, "srv_admin_state")),
  }));
}

/** Lasts until the next reload or restart. @throws ROUTER_DOWN, COLOR_EMPTY for an unknown address */
export async function setServerMode(
  host: Host,
  spec: RouterSpec,
  to: { readonly color: Color; readonly address: Address; readonly mode: ServerMode },
): Promise<void> {
  const rows = await serverModes(host, spec, to.color);
  const row = rows.find(({ address }) => address === targetText(to.address));
  if (!row) {
    throw new BlueGreenError("COLOR_EMPTY", `${to.color} has no instance ${to.address} in HAProxy`);
  }
  const server = `${backendName(spec, to.color)}/${row.name}`;
  await command(host, spec, `set server ${server} state ${to.mode}`);
}

function addressOf(row: Row): Address {
  const name = row["srv_fqdn"] ?? "-";
  const host = name === "-" || name === "" ? (row["srv_addr"] ?? "") : name;
  return targetText(`${host.includes(":") ? `[${host}]` : host}:${row["srv_port"] ?? ""}`);
}

function modeOf(state: number): ServerMode {
  if ((state & forcedMaintenance) !== 0) return "maint";
  return (state & forcedDrain) === 0 ? "ready" : "drain";
}
