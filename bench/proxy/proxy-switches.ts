/** Switches of one server under constant load, by bluegreen and by the usual recipe, in turn. */

import { chmodSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { otherColor } from "../../infra/model.ts";
import type { Color } from "../../infra/model.ts";
import type { DialectName } from "../../infra/platforms/proxy/spec.ts";
import type { Flip } from "../aftermath.ts";
import { Child } from "../child.ts";
import { nowMs } from "../clock.ts";
import type { Origins } from "../origin.ts";
import { withLoad } from "../place.ts";
import { notesOf, sideBySide } from "./comparison.ts";
import type { Stretch } from "./figures.ts";
import { figuresOf } from "./figures.ts";
import { startFlipWay } from "./flip-way.ts";
import { startReloadWay } from "./reload-way.ts";
import type { Way, WayOrder } from "./way.ts";

export interface ProxyOptions {
  readonly dialect: DialectName;
  /** The server's program. */
  readonly program: string;
  readonly switches: number;
  readonly ratePerSecond: number;
  /** Ends everything early, and in order. */
  readonly signal: AbortSignal;
}

export interface ProxyResult {
  readonly table: string;
  readonly notes: readonly string[];
  readonly raw: readonly {
    readonly name: string;
    readonly stretches: readonly Stretch[];
  }[];
}

interface Candidate {
  readonly name: string;
  start(order: WayOrder): Promise<Way>;
}

const answerMs = 10_000;
/** Each way goes so many times, in turn with the others: what changes with time hits all alike. */
const rounds = 4;
const warmUpMs = 2_000;
/** Half a second of it is further than 250 ms from both neighbours. */
const pauseMs = 1_000;
const endMs = 1_500;
const connections = 64;
const webSockets = 20;
const limitMs = 3_600_000;

export async function benchProxy(options: ProxyOptions): Promise<ProxyResult> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "bg-bench-")));
  // The workers of a server that root started have another account.
  chmodSync(root, 0o755);
  const origin = new Child("./origin.ts");
  try {
    const addresses = await origin.ask<Origins>({}, answerMs);
    const candidates = candidatesOf(options.dialect);
    const measured = candidates.map(({ name }) => ({ name, stretches: [] as Stretch[] }));
    for (let round = 0; round < rounds; round += 1) {
      for (const index of turnOf(round, candidates.length)) {
        const dir = join(root, `${round}-${index}`);
        const order = { program: options.program, dir, port: await freePort(), addresses };
        const way = await candidates[index]?.start(order);
        if (way) measured[index]?.stretches.push(await measure(way, options, round));
      }
    }
    const compared = measured.map(({ name, stretches }) => {
      return { name, figures: figuresOf(stretches) };
    });
    return { table: sideBySide(compared), notes: compared.flatMap(notesOf), raw: measured };
  } finally {
    origin.end();
    rmSync(root, { recursive: true, force: true });
  }
}

function candidatesOf(dialect: DialectName): readonly Candidate[] {
  const reload = (idleClose: boolean) => (order: WayOrder) =>
    startReloadWay(dialect, { ...order, idleClose });
  const ours = { name: "bluegreen", start: (order: WayOrder) => startFlipWay(dialect, order) };
  if (dialect === "nginx") return [ours, { name: "nginx -s reload", start: reload(false) }];
  return [
    ours,
    { name: "reload (SIGUSR2)", start: reload(false) },
    { name: "with idle-close-on-response", start: reload(true) },
  ];
}

/** A B C, then C B A. */
function turnOf(round: number, count: number): readonly number[] {
  const indices = Array.from({ length: count }, (_, index) => index);
  return round % 2 === 0 ? indices : indices.reverse();
}

/** The way's own share of the switches in this round; the way is ended afterwards. */
async function measure(way: Way, options: ProxyOptions, round: number): Promise<Stretch> {
  const { switches, ratePerSecond, signal } = options;
  const count =
    Math.floor((switches * (round + 1)) / rounds) - Math.floor((switches * round) / rounds);
  const load = { url: way.url, mode: "paced", ratePerSecond, connections, webSockets } as const;
  const flips: Flip[] = [];
  try {
    let warmAt = 0;
    const order = { ...load, mixed: true, fresh: false, ms: limitMs };
    const client = await withLoad(order, async () => {
      await sleep(warmUpMs, undefined, { signal });
      warmAt = nowMs();
      await flipAgain(way, count, flips, signal);
      await sleep(endMs, undefined, { signal });
    });
    return { flips, warmAt, client };
  } finally {
    await way.end();
  }
}

async function flipAgain(
  way: Way,
  count: number,
  flips: Flip[],
  signal: AbortSignal,
): Promise<void> {
  let active: Color = "blue";
  for (let each = 0; each < count; each += 1) {
    // Never in step with the requests.
    await sleep(pauseMs + Math.random() * 20, undefined, { signal });
    active = otherColor(active);
    const calledAt = nowMs();
    await way.flip(active);
    flips.push({ to: active, calledAt, returnedAt: nowMs() });
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
