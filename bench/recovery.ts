/** Real deploys of releases that turn bad in their bake: how long, and how many requests fail. */

import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { makeProject } from "../test/support/project/project.ts";
import type { Project } from "../test/support/project/project.ts";
import { nowMs } from "./clock.ts";
import { withLoad } from "./place.ts";
import { recoveryOf } from "./recovery-facts.ts";
import type { Recovery } from "./recovery-facts.ts";
import { spreadOf } from "./statistics.ts";
import type { Row } from "./table.ts";

export interface RecoveryOptions {
  /** Releases of each kind. */
  readonly runs: number;
  readonly ratePerSecond: number;
  readonly signal: AbortSignal;
}

export interface RecoveryResult {
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
  readonly raw: readonly Recovered[];
}

interface Recovered {
  readonly failing: number;
  readonly runs: readonly Recovery[];
}

const shares = [0.03, 0.1, 0.5, 1];
/** Everything else about the bake is its default; the first release isn't watched. */
const bake = "{ duration: 2m }";
const limitMs = 240_000;
const lookMs = 20;
/** A release is good for so long after its first reply. */
const goodMs = 5_000;
const connections = 16;

export async function benchRecovery(options: RecoveryOptions): Promise<RecoveryResult> {
  const project = await makeProject();
  try {
    await deploy(project, "good", 0);
    writeFileSync(
      project.settingsFile,
      project.settings().replace(/(bluegreen:bake:).*/, `$1 ${bake}`),
    );
    const measured = shares.map((failing) => ({ failing, runs: [] as Recovery[] }));
    for (let run = 1; run <= options.runs; run += 1) {
      for (const { failing, runs } of measured) {
        const recovery = await recover(project, { failing, run, ...options });
        runs.push(recovery);
        process.stderr.write(`${100 * failing} % errors, run ${run}: ${told(recovery)}\n`);
      }
    }
    return summarize(measured, options);
  } finally {
    await project.remove();
  }
}

interface Wanted extends RecoveryOptions {
  readonly failing: number;
  readonly run: number;
}

async function recover(project: Project, wanted: Wanted): Promise<Recovery> {
  const { failing, run, ratePerSecond, signal } = wanted;
  const version = `bad-${100 * failing}-${run}`;
  const { color: former } = await project.ask();
  let badAt = 0;
  const load = { url: project.url, mode: "paced", ratePerSecond, connections } as const;
  const order = { ...load, webSockets: 0, mixed: false, anyBody: true, fresh: false, ms: limitMs };
  const { samples } = await withLoad(order, async () => {
    const deployed = deploy(project, version, 4);
    await Promise.race([deployed, reached(project, former, signal)]);
    await sleep(goodMs, undefined, { signal });
    project.fault(version, { failing });
    badAt = nowMs();
    await deployed;
  });
  return recoveryOf(samples, { badAt, bad: former === "blue" ? "green" : "blue" });
}

/** Resolves with the first reply of another color. */
async function reached(project: Project, former: string | null, signal: AbortSignal) {
  const deadline = nowMs() + limitMs;
  while ((await project.ask()).color === former) {
    if (nowMs() > deadline) throw new Error("the release never got any traffic");
    await sleep(lookMs, undefined, { signal });
  }
}

async function deploy(project: Project, version: string, wanted: number): Promise<void> {
  const { code, output } = await project.run(["deploy", "--version", version, "--yes"], {
    limitMs,
  });
  if (code === wanted) return;
  throw new Error(`the deploy of ${version} ended with ${code}, not ${wanted}:\n${output}`);
}

function told({ seconds, failed, failedLater }: Recovery): string {
  return `back after ${seconds.toFixed(1)} s, ${failed} failed, ${failedLater} of them later`;
}

function summarize(
  measured: readonly Recovered[],
  { ratePerSecond }: RecoveryOptions,
): RecoveryResult {
  const rows = measured.flatMap(({ failing, runs }): Row[] => {
    const spread = (of: (each: Recovery) => number) => spreadOf(runs.map(of));
    const what = `${100 * failing} % errors`;
    return [
      { what: `${what}: until traffic is back`, unit: "s", spread: spread((each) => each.seconds) },
      { what: `${what}: requests failed`, unit: "", spread: spread((each) => each.failed) },
    ];
  });
  return {
    rows,
    notes: [
      `${ratePerSecond} requests a second; each release is good for ${goodMs / 1_000} s first`,
      "the driver looks every 2 s, the default",
    ],
    raw: measured,
  };
}
