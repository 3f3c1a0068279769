/** What a router serves now, by its own answers. */

import { BlueGreenError, messageOf } from "../../errors.ts";
import type { RouterReading, Weights } from "../../model.ts";
import { formatWeights, sameWeights } from "../../model.ts";
import type { ServedRoutes } from "../../rules/overtaken.ts";
import type { Access } from "./access.ts";
import type { Attached } from "./dialect.ts";
import { stateFile } from "./flip.ts";
import { otherOwner } from "./folder.ts";
import { attachedIn, versionIn } from "./head.ts";
import { serverPid } from "./server-process.ts";
import type { RouterSpec } from "./spec.ts";
import { filesOf } from "./spec.ts";
import type { RouterState } from "./state.ts";
import { emptyState, generationIn, parseState, weightsIn } from "./state.ts";
import type { ServerStatus } from "./status.ts";
import { askStatus, needStatus } from "./status.ts";

/** Everything of a reading but what the instances say themselves. */
export type RouterFacts = Omit<RouterReading, "targets">;

/** Never throws for a router that is down or out of reach. */
export async function readRouter(access: Access): Promise<RouterFacts> {
  const { host, spec } = access;
  try {
    const [asked, owner] = await Promise.all([askStatus(host, spec), otherOwner(access)]);
    if (owner !== null) {
      return silent({ blue: [], green: [] }, `${spec.dir} belongs to ${JSON.stringify(owner)}`);
    }
    if (asked.kind !== "answered") {
      return (await awaited(access)) ?? silent(await attachedNow(access), asked.problem);
    }
    return await factsOf(access, asked.status);
  } catch (error) {
    if (!(error instanceof BlueGreenError)) throw error;
    const facts = silent({ blue: [], green: [] }, error.message);
    return error.code === "HOST_UNREACHABLE" ? { ...facts, isOutOfReach: true } : facts;
  }
}

/** There once an existing server has followed our file. */
export async function wasAdopted({ host, spec }: Access): Promise<boolean> {
  return (await host.read(filesOf(spec).adopted)) !== null;
}

/** A file that lies ready for an existing server: it serves nothing, and nothing is wrong yet. */
async function awaited(access: Access): Promise<RouterFacts | null> {
  const { spec, host } = access;
  if (spec.mode !== "adopted" || (await wasAdopted(access))) return null;
  if ((await host.read(filesOf(spec).config)) === null) return null;
  const none = { requests: 0, errors: 0, open: 0, lastRequestAt: null };
  return {
    ...silent({ blue: [], green: [] }, `${spec.dialect} doesn't hand its requests over yet`),
    weights: emptyState.weights,
    generation: emptyState.generation,
    traffic: { kind: "counted", colors: { blue: none, green: none } },
  };
}

/** Addresses that may get traffic. */
export async function attachedNow(access: Access): Promise<Attached> {
  return attachedIn(await filesNow(access));
}

async function filesNow({ host, spec }: Access) {
  const files = filesOf(spec);
  const [config, attached] = await Promise.all([
    host.read(files.config),
    host.read(files.attached),
  ]);
  return { config, attached };
}

/**
 * What the server follows by its own word; null where it follows nothing. Of a state whose file is
 * lost or broken the name tells enough.
 *
 * @throws ROUTER_DOWN, RECORD_NEWER
 */
export async function servedRoutes(access: Access): Promise<ServedRoutes | null> {
  const { state: name } = await needStatus(access.host, access.spec);
  if (name === null) return null;
  const { state, newer } = await storedState(access, name);
  if (newer !== null) throw newer;
  if (state !== null) return state;
  const [weights, generation] = [weightsIn(name), generationIn(name)];
  return weights === null || generation === null ? null : { weights, generation, mark: null };
}

function silent(attached: Attached, problem: string): RouterFacts {
  const { mark, former } = emptyState;
  return {
    weights: null,
    generation: null,
    rolloutId: null,
    mark,
    former,
    attached,
    traffic: { kind: "unknown" },
    settlesInMs: 0,
    problems: [problem],
  };
}

async function factsOf(access: Access, status: ServerStatus): Promise<RouterFacts> {
  const { host, spec, dialect } = access;
  const [files, pointer, stored, lost, troubles = []] = await Promise.all([
    filesNow(access),
    dialect.pointer(host, spec),
    storedState(access, status.state),
    lostServer(access),
    dialect.troubles?.(host, spec),
  ]);
  const attached = attachedIn(files);
  const counted = await trafficOf(access, attached);
  const weights = weightsIn(status.state ?? "") ?? emptyState.weights;
  const { rolloutId = null, mark = null, former = null } = stored.state ?? {};
  return {
    weights,
    generation: stored.newer === null ? generationIn(status.state ?? "") : null,
    rolloutId,
    mark,
    former,
    attached,
    traffic: counted.traffic,
    settlesInMs: 0,
    problems: [
      ...unserved(spec, status, weights),
      ...differences(status, { version: versionIn(files.config), pointer }),
      ...stored.problems,
      ...counted.problems,
      ...lost,
      ...troubles,
    ],
  };
}

/** Workers of nginx go on without their first process, which alone can be told to reload or to end. */
async function lostServer(access: Access): Promise<readonly string[]> {
  const { spec } = access;
  if (spec.mode !== "managed" || (await serverPid(access)) !== null) return [];
  const { pid } = filesOf(spec);
  return [
    `${spec.dialect} answers, but ${pid} doesn't lead to its process: switches work, nothing that needs a reload does; end what is left of it by hand, then \`bluegreen up\` starts it anew`,
  ];
}

/** A managed server without a color is a beginning; an existing one has clients already. */
function unserved({ mode, dialect }: RouterSpec, status: ServerStatus, weights: Weights): string[] {
  if (mode === "managed" || status.state === null || weights.blue + weights.green > 0) return [];
  return [`no color is active: your ${dialect} answers 503 to every request that it hands over`];
}

function differences(
  status: ServerStatus,
  files: { readonly version: string | null; readonly pointer: string | null },
): string[] {
  const problems: string[] = [];
  if (status.state === null) problems.push("the server finds no state: every request gets 503");
  else if (status.state !== files.pointer) {
    problems.push(
      `the server follows ${status.state}, a restart would find ${files.pointer ?? "nothing"}` +
        movedBy(status.state, files.pointer),
    );
  }
  if (status.version !== files.version) {
    problems.push("the server runs another configuration than the one in its file");
  }
  return problems;
}

/** A command that was killed may have stored a switch that was neither told nor proven. */
function movedBy(served: string, stored: string | null): string {
  const [now, then] = [weightsIn(served), weightsIn(stored ?? "")];
  if (now === null || then === null || sameWeights(now, then)) return "";
  return `: dangerous, as it would move traffic from ${formatWeights(now)} to ${formatWeights(then)}, which nobody has proven`;
}

interface Stored {
  readonly state: RouterState | null;
  /** Set when only a newer bluegreen can read it. */
  readonly newer: BlueGreenError | null;
  readonly problems: readonly string[];
}

async function storedState(access: Access, name: string | null): Promise<Stored> {
  if (name === null) return { state: null, newer: null, problems: [] };
  const path = stateFile(access, name);
  try {
    const text = await access.host.read(path);
    if (text === null) return { state: null, newer: null, problems: [`${path} is missing`] };
    return { state: parseState(text, path), newer: null, problems: [] };
  } catch (error) {
    if (!(error instanceof BlueGreenError)) throw error;
    const newer = error.code === "RECORD_NEWER" ? error : null;
    return { state: null, newer, problems: [messageOf(error)] };
  }
}

async function trafficOf(
  { host, spec, dialect }: Access,
  attached: Attached,
): Promise<{ traffic: RouterReading["traffic"]; problems: string[] }> {
  try {
    const counted = await dialect.traffic(host, spec, attached);
    return { traffic: { kind: "counted", colors: counted }, problems: [] };
  } catch (error) {
    if (!(error instanceof BlueGreenError)) throw error;
    return { traffic: { kind: "unknown" }, problems: [error.message] };
  }
}
