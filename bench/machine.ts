/** What the figures were measured on: without it they say nothing. */

import { cpus, loadavg, platform, release, totalmem } from "node:os";

export interface Machine {
  readonly cores: number;
  readonly model: string;
  readonly memoryGb: number;
  readonly system: string;
  readonly node: string;
  /** Of the last minute; other work on the machine shows here. */
  readonly load: number;
}

export function thisMachine(): Machine {
  return {
    cores: cpus().length,
    model: cpus()[0]?.model.trim() ?? "unknown",
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()}`,
    node: process.version,
    load: loadavg()[0] ?? 0,
  };
}

export function describeMachine(machine: Machine): string {
  const { cores, model, memoryGb, system, node, load } = machine;
  const busy = load > cores ? "; BUSY: other work shares the processors" : "";
  return (
    `${cores} cores (${model}), ${memoryGb} GB, ${system}, Node ${node}, ` +
    `load average at start ${load.toFixed(1)}${busy}`
  );
}
