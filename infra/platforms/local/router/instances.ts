/** The instances of one color: whose turn it is, and who is left out for a moment. */

import type { Address } from "../../../model.ts";
import type { InstanceStatus } from "./protocol.ts";

/** How long an instance that refused a connection is passed over. */
const ejectMs = 2000;

/** One address behind a color. */
export class Instance {
  readonly address: Address;
  readonly host: string;
  readonly port: number;
  #refused = 0;
  #ejectedUntil = 0;

  constructor(address: Address) {
    const { host, port } = splitAddress(address);
    this.address = address;
    this.host = host;
    this.port = port;
  }

  /** Passive ejection: nothing is probed, the instance is merely not the first choice. */
  refuse(nowMs: number): void {
    this.#refused += 1;
    this.#ejectedUntil = nowMs + ejectMs;
  }

  isEjected(nowMs: number): boolean {
    return this.#ejectedUntil > nowMs;
  }

  status(nowMs: number): InstanceStatus {
    return {
      address: this.address,
      refused: this.#refused,
      ejectedUntil: this.isEjected(nowMs) ? new Date(this.#ejectedUntil).toISOString() : null,
    };
  }
}

/** Round robin over the instances of one color. */
export class InstancePool {
  readonly instances: readonly Instance[];
  #turn = 0;

  constructor(instances: readonly Instance[]) {
    this.instances = instances;
  }

  /**
   * The next instance that wasn't tried yet. An ejected one is taken only when there is no other:
   * an instance that may be back is better than a certain error. Null when all were tried.
   */
  pick(nowMs: number, tried: readonly Instance[]): Instance | null {
    const count = this.instances.length;
    let ejected: Instance | null = null;
    for (let step = 0; step < count; step += 1) {
      const index = (this.#turn + step) % count;
      const instance = this.instances[index];
      if (instance === undefined || tried.includes(instance)) continue;
      if (instance.isEjected(nowMs)) {
        ejected ??= instance;
        continue;
      }
      this.#turn = (index + 1) % count;
      return instance;
    }
    return ejected;
  }
}

/** Splits `host:port`; an IPv6 host stands in brackets. Null when it isn't an address. */
export function parseAddress(address: string): { host: string; port: number } | null {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/@?#[\]]+)):(\d{1,5})$/.exec(address);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host === undefined || port < 1 || port > 65_535 ? null : { host, port };
}

function splitAddress(address: Address): { host: string; port: number } {
  const parts = parseAddress(address);
  if (parts === null) throw new TypeError(`not an address: ${address}`);
  return parts;
}
