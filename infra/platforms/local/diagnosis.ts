/** What can be wrong with the local platform itself: processes, ports, disk. Changes nothing. */

import { existsSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { BlueGreenError, messageOf } from "../../errors.ts";
import { knock } from "../../knock.ts";
import { colors } from "../../model.ts";
import type { Color, ColorOutputs } from "../../model.ts";
import type { Diagnosis, Scope } from "../../platform.ts";
import { ownerOfPort, ownProcesses, wayBack } from "./own-processes.ts";
import type { OwnProcess } from "./own-processes.ts";
import { placeOf } from "./place.ts";
import { askRouter } from "./router/client.ts";
import { inspectColor } from "./supervisor/client.ts";

/** A release of a few hundred megabytes still fits, and logs can rotate. */
const lowDiskBytes = 1_000_000_000;
const fullDiskBytes = 100_000_000;

export async function diagnoseLocal(scope: Scope): Promise<readonly Diagnosis[]> {
  if (scope.settings.application === null) return [];
  const found = await Promise.all([
    guarded("router", () => diagnoseRouter(scope)),
    ...colors.map((color) => guarded(color, () => diagnoseColor(scope, color))),
    guarded("disk", () => Promise.resolve(diagnoseDisk(placeOf(scope.settings).router))),
  ]);
  return found.flat();
}

/** One part that can't be looked at doesn't hide the others. */
export async function guarded(
  subject: string,
  look: () => Promise<readonly Diagnosis[]>,
): Promise<readonly Diagnosis[]> {
  try {
    return await look();
  } catch (error) {
    const fix = error instanceof BlueGreenError ? (error.hint ?? null) : null;
    return [{ level: "problem", subject, sentence: messageOf(error), fix }];
  }
}

async function diagnoseRouter({ settings, colors: held }: Scope): Promise<readonly Diagnosis[]> {
  const subject = "router";
  const { host, port } = settings.local;
  const folder = placeOf(settings).router;
  const status = await askRouter(folder);
  if (!status) return routerAbsent(await isTaken(host, port), { host, port, held, folder });
  const { pid, protocol, startedAt, listen, problems } = status;
  const where = `${listen.host}:${listen.port}`;
  const sentence = `process ${pid} listens on ${where} since ${startedAt}, protocol ${protocol}`;
  const moved = listen.host !== host || listen.port !== port;
  const fix = moved ? "move it: `bluegreen up`; clients must follow" : null;
  const elsewhere = moved ? `, the settings say ${host}:${port}` : "";
  return [
    { level: moved ? "note" : "ok", subject, sentence: `${sentence}${elsewhere}`, fix },
    ...problems.map((problem): Diagnosis => {
      return { level: "problem", subject, sentence: problem, fix: "see `bluegreen logs --router`" };
    }),
  ];
}

interface Absent {
  readonly host: string;
  readonly port: number;
  readonly held: Scope["colors"];
  readonly folder: string;
}

function routerAbsent(taken: boolean, { host, port, held, folder }: Absent): readonly Diagnosis[] {
  const subject = "router";
  if (taken) {
    const owner = ownerOfPort(port, folder);
    const sentence = `it doesn't run, and another process listens on ${host}:${port}`;
    const fix = `end that process (\`lsof -i :${port}\`), or set another bluegreen:local.port`;
    return [{ level: "problem", subject, ...(owner ?? { sentence, fix }) }];
  }
  if (colors.every((color) => held[color] === null)) {
    return [
      { level: "ok", subject, sentence: `it doesn't run; ${host}:${port} is free`, fix: null },
    ];
  }
  const fix = "bring it back: `bluegreen up`";
  return [{ level: "problem", subject, sentence: "it doesn't run", fix }];
}

/** True when something answers there; a router that listens everywhere is met on loopback. */
async function isTaken(host: string, port: number): Promise<boolean> {
  const target = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return (await knock({ host: target, port })) === "open";
}

/** The processes of a color and who looks after them. */
export async function diagnoseColor(scope: Scope, color: Color): Promise<readonly Diagnosis[]> {
  const outputs = scope.colors[color];
  if (outputs?.given) return [];
  const folder = placeOf(scope.settings).color[color];
  const lost = lostSupervisor(folder);
  if (lost) return [lostColor(lost, color)];
  const { supervisor, status, orphans } = await inspectColor(folder);
  const fix = "bring it back: `bluegreen up`";
  const problem = (sentence: string, what: string): Diagnosis => {
    return { level: "problem", subject: color, sentence, fix: what };
  };
  if (orphans.length > 0) {
    const pids = orphans.map(({ pid }) => pid).join(", ");
    return [problem(`its supervisor is gone, instances go on alone (process ${pids})`, fix)];
  }
  if (supervisor === "silent") return [problem("its supervisor doesn't answer", fix)];
  if (!status) return outputs ? [problem("its processes are gone", fix)] : [];
  if (!outputs) return [problem("its instances run, but its stack holds nothing", fix)];
  return [runningColor(status, outputs, color)];
}

/** Its instances serve on, but nothing of them can be found any more. */
function lostSupervisor(folder: string): OwnProcess | null {
  if (existsSync(folder)) return null;
  const found = ownProcesses().find((each) => each.kind === "supervisor" && each.folder === folder);
  return found ?? null;
}

function lostColor(lost: OwnProcess, subject: Color): Diagnosis {
  const { pid, folder } = lost;
  const sentence = `its instances run on (supervisor ${pid}), but its folder ${folder} is gone`;
  return { level: "problem", subject, sentence, fix: wayBack(lost) };
}

function runningColor(
  status: NonNullable<Awaited<ReturnType<typeof inspectColor>>["status"]>,
  { release }: ColorOutputs,
  subject: Color,
): Diagnosis {
  const { ready, total, crashLoop, digest, version } = status;
  if (digest !== release.digest) {
    const sentence = `it runs ${version}, its stack says ${release.version}`;
    return { level: "problem", subject, sentence, fix: "set it right: `bluegreen up`" };
  }
  const restarts = status.instances.reduce((sum, instance) => sum + instance.restarts, 0);
  const sentence = `${ready} of ${total} instances are ready, ${restarts} restarts`;
  const bad = crashLoop || ready < total;
  const fix = bad ? `look at \`bluegreen logs ${subject}\`` : null;
  return { level: bad ? "problem" : "ok", subject, sentence, fix };
}

export function diagnoseDisk(folder: string): readonly Diagnosis[] {
  const { bavail, bsize } = statfsSync(existingParent(folder));
  const free = bavail * bsize;
  const sentence = `${(free / 1e9).toFixed(1)} GB are free for ${dirname(folder)}`;
  const low = free < lowDiskBytes;
  const level = free < fullDiskBytes ? "problem" : low ? "note" : "ok";
  return [{ level, subject: "disk", sentence, fix: low ? "free some space" : null }];
}

function existingParent(folder: string): string {
  let known = folder;
  while (!existsSync(known) && dirname(known) !== known) known = dirname(known);
  return known;
}
