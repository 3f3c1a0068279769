/** Open TCP connections of the router's host to the instances, from the system's own tables. */

import { isIP } from "node:net";

import { hostAndPort } from "../../../config/address.ts";
import { BlueGreenError } from "../../../errors.ts";
import type { Address, Color, PerColor } from "../../../model.ts";
import { colors } from "../../../model.ts";
import type { Attached } from "../dialect.ts";
import type { Host } from "../host.ts";
import { hostIn, targetText } from "../safe-text.ts";
import type { RouterSpec } from "../spec.ts";

const lookMs = 5_000;

/** A socket that listens, or an established connection. */
export interface Socket {
  readonly localPort: number;
  /** `host:port`; null: it listens. */
  readonly remote: string | null;
}

/**
 * Connections to a color's addresses; with the idle ones, which nginx closes after `idleMs`. A name
 * stands for the addresses that it has now.
 *
 * @throws ROUTER_DOWN where they can't be told: none is no answer then
 */
export async function openConnections(
  host: Host,
  spec: RouterSpec,
  attached: Attached,
): Promise<PerColor<number>> {
  const sockets = await socketsOf(host);
  const isOurs = ({ localPort, remote }: Socket): boolean =>
    remote === null && localPort === spec.port;
  if (!sockets.some(isOurs)) {
    throw unknown(`${host.name} doesn't list nginx's: does it run in a container?`);
  }
  const count = async (color: Color): Promise<number> => {
    const targets = new Set((await Promise.all(attached[color].map(byNumber(host)))).flat());
    return sockets.filter(({ remote }) => remote !== null && targets.has(remote)).length;
  };
  const [blue = 0, green = 0] = await Promise.all(colors.map(count));
  return { blue, green };
}

async function socketsOf(host: Host): Promise<readonly Socket[]> {
  const tables = await Promise.all(
    ["/proc/net/tcp", "/proc/net/tcp6"].map((path) => host.read(path)),
  );
  if (tables.some((table) => table !== null)) {
    return tables.flatMap((table) => socketsInLinux(table ?? ""));
  }
  const { code, stdout } = await host.run(["netstat", "-anW", "-p", "tcp"], { deadlineMs: lookMs });
  if (code !== 0) throw unknown(`${host.name} has neither /proc/net/tcp nor a netstat that tells`);
  return socketsInNetstat(stdout);
}

function byNumber(host: Host): (address: Address) => Promise<readonly string[]> {
  return async (address) => {
    const text = targetText(address);
    const name = hostIn(text);
    if (isIP(name) !== 0) return [text];
    const { code, stdout } = await host.run(["getent", "ahosts", name], { deadlineMs: lookMs });
    if (code !== 0) throw unknown(`${host.name} doesn't know the addresses of ${name}`);
    const port = text.slice(text.lastIndexOf(":") + 1);
    const found = stdout.split("\n").map((line) => line.split(/\s/)[0] ?? "");
    return found.filter((each) => isIP(each) !== 0).map((each) => textOf(each, port));
  };
}

function unknown(why: string): BlueGreenError {
  return new BlueGreenError("ROUTER_DOWN", `open connections can't be counted: ${why}`);
}

const linuxStates: Readonly<Record<string, "established" | "listening">> = {
  "01": "established",
  "0A": "listening",
};

/** Of `/proc/net/tcp` and `tcp6`. */
export function socketsInLinux(table: string): Socket[] {
  return table.split("\n").flatMap((line): Socket[] => {
    const [, local = "", remote = "", code = ""] = line.trim().split(/\s+/);
    const state = linuxStates[code];
    const [here, there] = [local, remote].map((each) =>
      /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(each),
    );
    if (!here || !there || state === undefined) return [];
    const [, host = "", port = ""] = there;
    const to = state === "listening" ? null : textOf(hostOf(host), parseInt(port, 16));
    return [{ localPort: parseInt(here[2] ?? "", 16), remote: to }];
  });
}

/** Of macOS's `netstat -anW -p tcp`, which writes `127.0.0.1.8080`. */
export function socketsInNetstat(table: string): Socket[] {
  return table.split("\n").flatMap((line): Socket[] => {
    const [kind = "", , , local = "", remote = "", state] = line.trim().split(/\s+/);
    if (!kind.startsWith("tcp")) return [];
    const localPort = Number(local.slice(local.lastIndexOf(".") + 1));
    if (state === "LISTEN") return [{ localPort, remote: null }];
    const dot = remote.lastIndexOf(".");
    const host = remote.slice(0, dot);
    if (state !== "ESTABLISHED" || isIP(host) === 0) return [];
    return [{ localPort, remote: textOf(host, remote.slice(dot + 1)) }];
  });
}

function textOf(host: string, port: string | number): string {
  return targetText(hostAndPort(host, port));
}

/** Words of four bytes, each in the order of this kind of processor: the last byte first. */
function hostOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).map((byte) => parseInt(byte, 16)).reverse(),
  );
  if (bytes.length === 4) return bytes.join(".");
  const mapped = bytes.slice(0, 12).join() === "0,0,0,0,0,0,0,0,0,0,255,255";
  if (mapped) return bytes.slice(12).join(".");
  return Array.from({ length: 8 }, (_, index) =>
    (((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0)).toString(16),
  ).join(":");
}
