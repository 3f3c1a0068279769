/** What a router serves now, by its own answers; it never throws for a router that is down. */

import { BlueGreenError, messageOf } from "../../errors.ts";
import type { RouterReading } from "../../model.ts";
import type { Access } from "./access.ts";
import type { Attached } from "./dialect.ts";
import { stateFile } from "./flip.ts";
import { attachedIn, versionIn } from "./head.ts";
import { filesOf } from "./spec.ts";
import type { RouterState } from "./state.ts";
import { emptyState, parseState, weightsIn } from "./state.ts";
import type { ServerStatus } from "./status.ts";
import { askStatus, needStatus } from "./status.ts";

/** Everything of a reading but what the instances say themselves. */
export type RouterFacts = Omit<RouterReading, "targets">;

export async function readRouter(access: Access): Promise<RouterFacts> {
  const { host, spec } = access;
  try {
    const asked = await askStatus(host, spec);
    if (asked.kind !== "answered") {
      return (await awaited(access)) ?? silent(await attachedNow(access), asked.problem);
    }
    return await factsOf(access, asked.status);
  } catch (error) {
    if (!(error instanceof BlueGreenError)) throw error;
    return silent({ blue: [], green: [] }, error.message);
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

/** What the server follows by its own word; null where that isn't on file. */
export async function servedState(access: Access): Promise<RouterState | null> {
  const { state } = await needStatus(access.host, access.spec);
  return (await storedState(access, state)).state;
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
  const [files, pointer, stored] = await Promise.all([
    filesNow(access),
    dialect.pointer(host, spec),
    storedState(access, status.state),
  ]);
  const attached = attachedIn(files);
  const counted = await trafficOf(access, attached);
  const weights = weightsIn(status.state ?? "") ?? emptyState.weights;
  const { generation = null, rolloutId = null, mark = null, former = null } = stored.state ?? {};
  return {
    weights,
    generation,
    rolloutId,
    mark,
    former,
    attached,
    traffic: counted.traffic,
    settlesInMs: 0,
    problems: [
      ...differences(status, { version: versionIn(files.config), pointer }),
      ...stored.problems,
      ...counted.problems,
    ],
  };
}

function differences(
  status: ServerStatus,
  files: { readonly version: string | null; readonly pointer: string | null },
): string[] {
  const problems: string[] = [];
  if (status.state === null) problems.push("the server finds no state: every request gets 503");
  else if (status.state !== files.pointer) {
    problems.push(
      `the server follows ${status.state}, a restart would find ${files.pointer ?? "nothing"}`,
    );
  }
  if (status.version !== files.version) {
    problems.push("the server runs another configuration than the one in its file");
  }
  return problems;
}

interface Stored {
  readonly state: RouterState | null;
  readonly problems: readonly string[];
}

async function storedState(access: Access, name: string | null): Promise<Stored> {
  if (name === null) return { state: null, problems: [] };
  const path = stateFile(access, name);
  try {
    const text = await access.host.read(path);
    if (text === null) return { state: null, problems: [`${path} is missing`] };
    return { state: parseState(text, path), problems: [] };
  } catch (error) {
    if (!(error instanceof BlueGreenError)) throw error;
    return { state: null, problems: [messageOf(error)] };
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
