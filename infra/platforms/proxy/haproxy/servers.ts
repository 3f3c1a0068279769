/** The state of single instances on HAProxy: taken out for a while, and put back. */

import { hostAndPort } from "../../../config/address.ts";
import { BlueGreenError } from "../../../errors.ts";
import type { Address, Color } from "../../../model.ts";
import { colors } from "../../../model.ts";
import type { Attached } from "../dialect.ts";
import type { Host } from "../host.ts";
import { targetText } from "../safe-text.ts";
import { backendName, previewBackendName, serverName } from "./config.ts";
import { formerWorkers } from "./former-workers.ts";
import type { RuntimePlace } from "./runtime.ts";
import { command, runtime } from "./runtime.ts";
import type { Row } from "./stats.ts";
import { numberIn, stateRows, statRows } from "./stats.ts";

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

/** An instance as the router knows it. */
export interface Instance {
  readonly color: Color;
  readonly address: Address;
}

/** None where HAProxy has no such color. @throws ROUTER_DOWN */
export async function serverModes(
  host: Host,
  place: RuntimePlace,
  color: Color,
): Promise<readonly ServerRow[]> {
  const backend = backendName(place, color);
  const rows = stateRows(await runtime(host, place, `show servers state ${backend}`));
  return rows.map((row) => ({
    name: row["srv_name"] ?? "",
    address: addressOf(row),
    mode: modeOf(numberIn(row, "srv_admin_state")),
  }));
}

/**
 * For clients and for previews. Lasts until the next reload or restart.
 *
 * @throws ROUTER_DOWN, COLOR_EMPTY for an address that HAProxy doesn't know
 */
export async function setServerMode(
  host: Host,
  place: RuntimePlace,
  to: Instance & { readonly mode: ServerMode },
): Promise<void> {
  const name = await nameOf(host, place, to);
  if (name === null) {
    throw new BlueGreenError("COLOR_EMPTY", `${to.color} has no instance ${to.address} in HAProxy`);
  }
  for (const backend of backendsOf(place, to.color)) {
    await command(host, place, `set server ${backend}/${name} state ${to.mode}`);
  }
}

/** The text of a file of servers' states that has nobody out of rotation. */
export const nobodyOut = "1\n";

/**
 * The text by which a new worker has those instances out that are out now: by their addresses, as
 * another list of these may give an instance another's name.
 *
 * @param table the answer to `show servers state`
 * @param next the addresses of the configuration that the new worker has
 */
export function outText(
  table: string,
  { name }: Pick<RuntimePlace, "name">,
  next: Attached,
): string {
  const lines = colors.flatMap((color) => {
    const backends = backendsOf({ name }, color);
    return stateRows(table).flatMap((row) => {
      const index = next[color].map(targetText).indexOf(addressOf(row));
      const isOut = modeOf(numberIn(row, "srv_admin_state")) !== "ready";
      if (!isOut || index < 0 || !backends.includes(row["be_name"] ?? "")) return [];
      const named = { ...row, srv_id: String(index + 1), srv_name: serverName(index) };
      return [Object.values(named).join(" ")];
    });
  });
  const head = table.split("\n").find((line) => line.startsWith("# ")) ?? "";
  return lines.length === 0 ? nobodyOut : `${nobodyOut}${[head, ...lines].join("\n")}\n`;
}

/**
 * Requests in flight and upgraded connections of one instance, also of workers from before a reload;
 * null where those can't be asked.
 *
 * @throws ROUTER_DOWN
 */
export async function openOn(
  host: Host,
  place: RuntimePlace,
  instance: Instance,
): Promise<number | null> {
  const former = await formerWorkers(host, place);
  if (former.kind === "unknown") return null;
  const all = [place, ...former.workers].map((each) => openIn(host, each, instance));
  return (await Promise.all(all)).reduce((sum, open) => sum + open, 0);
}

async function openIn(host: Host, place: RuntimePlace, instance: Instance): Promise<number> {
  const name = await nameOf(host, place, instance);
  const backends = backendsOf(place, instance.color);
  const rows = statRows(await runtime(host, place, "show stat"));
  return rows
    .filter(({ pxname = "", svname }) => backends.includes(pxname) && svname === name)
    .reduce((sum, row) => sum + numberIn(row, "scur"), 0);
}

function backendsOf(place: Pick<RuntimePlace, "name">, color: Color): readonly string[] {
  return [backendName(place, color), previewBackendName(place, color)];
}

async function nameOf(
  host: Host,
  place: RuntimePlace,
  { color, address }: Instance,
): Promise<string | null> {
  const rows = await serverModes(host, place, color);
  return rows.find((row) => row.address === targetText(address))?.name ?? null;
}

function addressOf(row: Row): Address {
  const name = row["srv_fqdn"] ?? "-";
  const host = name === "-" || name === "" ? (row["srv_addr"] ?? "") : name;
  return targetText(hostAndPort(host, row["srv_port"] ?? ""));
}

function modeOf(state: number): ServerMode {
  if ((state & forcedMaintenance) !== 0) return "maint";
  return (state & forcedDrain) === 0 ? "ready" : "drain";
}
