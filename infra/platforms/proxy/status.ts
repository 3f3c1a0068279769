/** What the running server itself says: which configuration it has, and which state it follows. */

import { hostAndPort } from "../../config/address.ts";
import { BlueGreenError } from "../../errors.ts";
import type { Host } from "./host.ts";
import { NoAnswer } from "./host.ts";
import type { RouterSpec } from "./spec.ts";
import { filesOf } from "./spec.ts";

const deadlineMs = 2_000;

export interface ServerStatus {
  /** Version of the configuration that the asked worker runs. */
  readonly version: string;
  /** Name of the state that requests follow; null where the server finds none. */
  readonly state: string | null;
}

/** The name by which a server is asked about itself; no resolver knows it. */
export function statusHost(name: string): string {
  return `${name}.bluegreen.invalid`;
}

export function endpointOf({ host, port }: RouterSpec): string {
  const own = { "0.0.0.0": "127.0.0.1", "::": "::1" }[host] ?? host;
  return hostAndPort(own, port);
}

export type Asked =
  | { readonly kind: "answered"; readonly status: ServerStatus }
  | { readonly kind: "foreign" | "silent"; readonly problem: string };

/**
 * `foreign`: something else answers there; `silent`: nothing does. Doesn't throw for either.
 *
 * @throws BlueGreenError when the router's host can't be reached
 */
export async function askStatus(host: Host, spec: RouterSpec): Promise<Asked> {
  const request = `GET / HTTP/1.1\r\nHost: ${statusHost(spec.name)}\r\nConnection: close\r\n\r\n`;
  const endpoint = endpointOf(spec);
  const reply = await host.ask(endpoint, request, deadlineMs).catch((error: unknown) => {
    if (error instanceof NoAnswer) return error;
    throw error;
  });
  if (reply instanceof NoAnswer) return { kind: "silent", problem: reply.message };
  const found = /^bluegreen ([0-9a-f]{12}) (\S*)$/m.exec(reply);
  if (!found) {
    const problem = `what answers at ${endpoint} isn't the router "${spec.name}"`;
    return { kind: "foreign", problem };
  }
  const state = found[2] ?? "";
  const known = state === "" || state === "none" ? null : state;
  return { kind: "answered", status: { version: found[1] ?? "", state: known } };
}

/** @throws BlueGreenError ROUTER_DOWN when nothing, or something else, answers there */
export async function needStatus(host: Host, spec: RouterSpec): Promise<ServerStatus> {
  const asked = await askStatus(host, spec);
  if (asked.kind === "answered") return asked.status;
  const where = host.name === "this machine" ? "" : ` on ${host.name}`;
  const means = asked.kind === "silent" ? "doesn't run" : "has lost its port";
  throw new BlueGreenError("ROUTER_DOWN", `the router${where} ${means}: ${asked.problem}`, {
    hint:
      spec.mode === "managed"
        ? "Bring it back: `bluegreen up`."
        : `Start ${spec.dialect} and see that it includes ${filesOf(spec).config}: \`bluegreen doctor\`.`,
  });
}
