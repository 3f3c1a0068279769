/** `bluegreen switch --no-bake` against a bare `pulumi up` with another `activeColor`, in pairs. */

import { otherColor } from "../infra/model.ts";
import type { Color } from "../infra/model.ts";
import type { Running } from "../test/support/project/command.ts";
import { makeProject, pulumiUp } from "../test/support/project/project.ts";
import type { Project } from "../test/support/project/project.ts";
import { nowMs } from "./clock.ts";
import { peakMemory } from "./memory.ts";
import type { Peak } from "./memory.ts";
import { formatNumber } from "./table.ts";
import type { Row } from "./table.ts";
import { pairwiseRatios, spreadOf } from "./statistics.ts";

type Way = "switch" | "up";

/** Always in this order: two hand-run updates in a row would meet a stale generation in the file. */
const ways: readonly Way[] = ["switch", "up"];

export interface DriverResult {
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
  readonly raw: {
    readonly seconds: Readonly<Record<Way, readonly number[]>>;
    readonly memory: Readonly<Record<Way, readonly Peak[]>>;
  };
}

/** Sampling takes time of its own, so these runs aren't timed. */
const memoryRuns = 3;
const limitMs = 120_000;

export async function benchDriver({ runs }: { readonly runs: number }): Promise<DriverResult> {
  const project = await makeProject();
  try {
    const bench = new DriverBench(project);
    await bench.prepare();
    const seconds: Record<Way, number[]> = { switch: [], up: [] };
    for (let run = 0; run < runs; run += 1) {
      for (const way of ways) seconds[way].push(await bench.time(way));
    }
    const memory: Record<Way, Peak[]> = { switch: [], up: [] };
    for (let run = 0; run < memoryRuns; run += 1) {
      for (const way of ways) memory[way].push(await bench.weigh(way));
    }
    return summarize({ seconds, memory });
  } finally {
    await project.remove();
  }
}

class DriverBench {
  readonly #project: Project;
  #active: Color = "green";

  constructor(project: Project) {
    this.#project = project;
  }

  /** Both colors filled, and each way gone once so that every cache is warm. */
  async prepare(): Promise<void> {
    for (const version of ["1", "2"]) {
      const deploy = ["deploy", "--version", version, "--yes"];
      await succeeded(this.#project.start(deploy, { limitMs }), "bluegreen deploy");
    }
    for (const way of ways) await this.time(way);
  }

  /** Seconds of one run. */
  async time(way: Way): Promise<number> {
    const begin = await this.#ready(way);
    const startedAt = nowMs();
    await succeeded(await begin(), way);
    return (nowMs() - startedAt) / 1_000;
  }

  async weigh(way: Way): Promise<Peak> {
    const begin = await this.#ready(way);
    const running = await begin();
    const ended = succeeded(running, way);
    const [peak] = await Promise.all([peakMemory(running.pid, ended), ended]);
    return peak;
  }

  /** Everything that belongs to the run but isn't it is done before it begins. */
  async #ready(way: Way): Promise<() => Promise<Running> | Running> {
    this.#active = otherColor(this.#active);
    if (way === "switch") {
      const args = ["switch", this.#active, "--no-bake", "--yes"];
      return () => this.#project.start(args, { limitMs });
    }
    this.#project.edit({ activeColor: this.#active });
    // Asks `bluegreen env` once, at the first run, which only warms up.
    await this.#project.pulumi(["version"]);
    return () =>
      this.#project.startPulumi([...pulumiUp, "--stack", this.#project.stack], { limitMs });
  }
}

async function succeeded(running: Running, what: string): Promise<void> {
  const { code, output } = await running.done;
  if (code !== 0) throw new Error(`${what} ended with ${code}:\n${output}`);
}

function summarize(raw: DriverResult["raw"]): DriverResult {
  const { seconds, memory } = raw;
  const [a, b] = [spreadOf(seconds.switch), spreadOf(seconds.up)];
  const own = (way: Way) => spreadOf(memory[way].map(({ ownMb }) => ownMb));
  const children = (way: Way) => spreadOf(memory[way].map(({ childrenMb }) => childrenMb));
  return {
    rows: [
      { what: "bluegreen switch --no-bake", unit: "s", spread: a },
      { what: "pulumi up --yes --skip-preview", unit: "s", spread: b },
      {
        what: "switch over up, in pairs",
        unit: "",
        spread: spreadOf(pairwiseRatios(seconds.switch, seconds.up)),
      },
      { what: "switch: driver's peak", unit: "MB", spread: own("switch") },
      { what: "switch: its children's peak", unit: "MB", spread: children("switch") },
      { what: "up: pulumi's peak", unit: "MB", spread: own("up") },
      { what: "up: its children's peak", unit: "MB", spread: children("up") },
    ],
    notes: [
      `ratio of medians: ${formatNumber(a.median / b.median)}`,
      "both ways: the same program, state (files), engine and language host, compile caches warm",
    ],
    raw,
  };
}
