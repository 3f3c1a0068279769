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
import { askStatus } from "./status.ts";

/** Everything of a reading but what the instances say themselves. */
export type RouterFacts = Omit<RouterReading, "targets">;

export async function readRouter(access: Access): Promise<RouterFacts> {
  const { host, spec } = access;
  try {
    const asked = await askStatus(host, spec);
    if (asked.kind !== "answered") return silent(await attachedNow(access), asked.problem);
    return await factsOf(access, asked.status);
  } catch (error) {
    if (!(error instanceof BlueGreenError)) throw error;
    return silent({ blue: [], green: [] }, error.message);
  }
}

/** Addresses in the configuration that is in place. */
export async function attachedNow({ host, spec }: Access): Promise<Attached> {
  return attachedIn(await host.read(filesOf(spec).config));
}

function silent(attached: Attached, problem: string): RouterFacts {
  const { mark } = emptyState;
  return {
    weights: null,
    generation: null,
    rolloutId: null,
    mark,
    attached,
    traffic: { kind: "unknown" },
    settlesInMs: 0,
    problems: [problem],
  };
}

async function factsOf(access: Access, status: ServerStatus): Promise<RouterFacts> {
  const { host, spec, dialect } = access;
  const [config, pointer, stored] = await Promise.all([
    host.read(filesOf(spec).config),
    dialect.pointer(host, spec),
    storedState(access, status.state),
  ]);
  const attached = attachedIn(config);
  const counted = await trafficOf(access, attached);
  const weights = weightsIn(status.state ?? "") ?? emptyState.weights;
  const { generation = null, rolloutId = null, mark = null } = stored.state ?? {};
  return {
    weights,
    generation,
    rolloutId,
    mark,
    attached,
    traffic: counted.traffic,
    settlesInMs: 0,
    problems: [
      ...differences(status, { version: versionIn(config), pointer }),
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
