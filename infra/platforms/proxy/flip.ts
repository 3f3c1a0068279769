/** The flip: a state is written, then pointed to, then seen in the server's own answers. */

import { setTimeout as sleep } from "node:timers/promises";

import { BlueGreenError, formatError } from "../../errors.ts";
import { colors } from "../../model.ts";
import type { Access } from "./access.ts";
import type { Attached } from "./dialect.ts";
import { Overtaken } from "./lock.ts";
import { filesOf } from "./spec.ts";
import type { RouterState } from "./state.ts";
import { formatState, stateName } from "./state.ts";
import { askStatus, needStatus } from "./status.ts";

const servedMs = 2_000;
const pollMs = 10;

/** @throws COLOR_EMPTY, USAGE for weights between the steps */
export function checkState(state: RouterState, attached: Attached): void {
  stateName(state);
  const empty = colors.find((color) => state.weights[color] > 0 && attached[color].length === 0);
  if (empty === undefined) return;
  throw new BlueGreenError("COLOR_EMPTY", `${empty} has no address, so it can't get traffic`);
}

/**
 * Sets the state; the same again changes nothing. When it returns, new requests follow it, and a
 * restart of the server finds it.
 *
 * @throws STORE_FAILED, SWITCH_NOT_SERVED; the former state is then in effect. ROUTER_DOWN: so it is,
 * unless the message says that the switch couldn't be taken back. ROUTER_BUSY: another command
 * decides about what is served. USAGE as `checkState`
 */
export async function flip(access: Access, state: RouterState): Promise<void> {
  const { spec, host, dialect } = access;
  const name = stateName(state);
  const status = await needStatus(host, spec);
  const former = await dialect.pointer(host, spec);
  await store(access, state);
  if (former === name && status.state === name) return;
  try {
    await dialect.point(host, spec, { name, running: true });
    await served(access, name);
  } catch (error) {
    // Whoever has the router now decides what is served.
    if (!(error instanceof Overtaken)) await goBack(access, former, name);
    throw error;
  }
  await tidy(access, [name, former]);
}

/** Before the server runs: what it will find when it starts. */
export async function preset(access: Access, state: RouterState): Promise<void> {
  const { spec, host, dialect } = access;
  await store(access, state);
  await dialect.point(host, spec, { name: stateName(state), running: false });
}

/** Also where it should be there already: it may have been lost. */
async function store(access: Access, state: RouterState): Promise<void> {
  const path = stateFile(access, stateName(state));
  const text = formatState(state);
  if ((await access.host.read(path)) !== text) await access.host.write(path, text);
}

/**
 * Makes a restart find what is served now, and a server without any state find the stored one.
 *
 * @throws ROUTER_DOWN, STORE_FAILED, SWITCH_NOT_SERVED
 */
export async function agree(access: Access): Promise<void> {
  const { spec, host, dialect } = access;
  const { state } = await needStatus(host, spec);
  const pointer = await dialect.pointer(host, spec);
  if (state !== null && state !== pointer) {
    await dialect.point(host, spec, { name: state, running: false });
  }
  if (state === null && pointer !== null) await served(access, pointer);
}

export function stateFile({ spec }: Access, name: string): string {
  return `${filesOf(spec).states}/${name}.json`;
}

/** A worker that was starting may have read the former pointer: it is told again. */
async function served(access: Access, name: string): Promise<void> {
  const { spec, host, dialect } = access;
  const deadline = Date.now() + servedMs;
  for (;;) {
    const asked = await askStatus(host, spec);
    const now = asked.kind === "answered" ? asked.status.state : asked.problem;
    if (now === name) return;
    if (Date.now() > deadline) {
      throw new BlueGreenError(
        "SWITCH_NOT_SERVED",
        `the router doesn't follow ${name} within ${servedMs} ms: it has ${now ?? "no state"}`,
        { hint: hintOf(access) },
      );
    }
    await sleep(pollMs);
    await dialect.point(host, spec, { name, running: asked.kind === "answered" });
  }
}

function hintOf({ spec }: Access): string {
  return `May the workers of ${spec.dialect} enter ${spec.dir}, and every folder above it?`;
}

async function goBack(access: Access, former: string | null, name: string): Promise<void> {
  try {
    await twice(() => pointBack(access, former));
  } catch (error) {
    if (!(error instanceof BlueGreenError) || error instanceof Overtaken) throw error;
    throw new BlueGreenError("ROUTER_DOWN", `a switch failed and couldn't be taken back`, {
      details: formatError(error).split("\n"),
      hint: `Ask what is served: \`bluegreen status\`. Wanted was ${name}, before was ${former ?? "nothing"}.`,
      cause: error,
    });
  }
}

/** The state's file stays for the next flip to tidy: a write that comes late may point to it. */
async function pointBack({ spec, host, dialect }: Access, former: string | null): Promise<void> {
  if (former === null) return;
  const asked = await askStatus(host, spec);
  const running = asked.kind === "answered";
  const isThere = (await dialect.pointer(host, spec)) === former;
  if (isThere && running && asked.status.state === former) return;
  await dialect.point(host, spec, { name: former, running });
}

/** Unproven traffic mustn't stay because one look at the host failed. */
async function twice(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof BlueGreenError) || error instanceof Overtaken) throw error;
    await work();
  }
}

/**
 * States that nothing points to any more; some could be left over from a process that was killed.
 * Traffic has moved: what can't be removed now is left to the next flip.
 */
async function tidy(access: Access, keep: readonly (string | null)[]): Promise<void> {
  const { spec, host } = access;
  const { states } = filesOf(spec);
  try {
    for (const file of await host.list(states)) {
      if (!keep.includes(file.replace(/\.json$/, ""))) await host.remove(`${states}/${file}`);
    }
  } catch (error) {
    if (!(error instanceof BlueGreenError) || error instanceof Overtaken) throw error;
  }
}
