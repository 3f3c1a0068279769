/** A router on nginx or HAProxy as plain data: what is to run, where, and in which files. */

import { BlueGreenError } from "../../errors.ts";
import type { Address, PerColor } from "../../model.ts";
import { colors } from "../../model.ts";
import {
  cookieProblem,
  listenProblem,
  nameProblem,
  programProblem,
  safePathProblem,
  sectionProblem,
  targetProblem,
  userProblem,
} from "./safe-text.ts";

export type DialectName = "nginx" | "haproxy";

/** How a router is to run; it is part of a resource's inputs, so it is data only. */
export interface RouterSpec {
  readonly dialect: DialectName;
  /** `managed`: a server of our own; `adopted`: one included file of somebody's server. */
  readonly mode: "managed" | "adopted";
  /** Part of identifiers: two routers on one server have different ones. */
  readonly name: string;
  /** IP address and port: of clients when managed, else of the server's own hand-over to us. */
  readonly host: string;
  readonly port: number;
  /** The folder on the router's host that is ours. */
  readonly dir: string;
  /** Whose the folder is: application and environment. Absent: as before there was a note. */
  readonly owner?: string;
  /** The server's program. */
  readonly program: string;
  /** Account of a managed server's workers where root starts it; null: as the server has it. */
  readonly user: string | null;
  /** Adopted: the upstream or backend that the server's own configuration sends requests to. */
  readonly upstream: string;
  /** Adopted: tests the whole configuration; null: as the dialect does it by itself. */
  readonly check: readonly string[] | null;
  /** Adopted: makes the server read its configuration again. */
  readonly reload: readonly string[];
  /** HAProxy's runtime socket; null: `admin.sock` in the folder. */
  readonly socket: string | null;
  /** A cookie that keeps a client's place while weights rise; null: each request by itself. */
  readonly cookie: string | null;
  /** An instance that is silent for longer has failed to answer. */
  readonly timeoutMs: number;
  /** Connections to an instance are closed when they were idle for so long. */
  readonly idleMs: number;
  /** What a former worker gets to end its connections after a reload. */
  readonly drainMs: number;
  /**
   * Addresses that a color has whenever it is filled. They are in the configuration also while
   * nothing is attached, so that neither attaching nor detaching needs a reload. Absent: as
   * the configuration has them.
   */
  readonly reserved?: PerColor<readonly Address[]>;
}

/** The longest path of a socket, with room for a temporary name. */
const maxSocketPath = 90;

/**
 * Whatever gets into a configuration was judged when the settings were read; it is judged again
 * here, as a state file or another release of this program may bring it too.
 *
 * @throws BlueGreenError SETTINGS_INVALID
 */
export function checkSpec(spec: RouterSpec): void {
  const optional = (value: string | null, judge: (text: string) => string | null): string | null =>
    value === null ? null : judge(value);
  const judged: Readonly<Record<string, string | null>> = {
    name: nameProblem(spec.name),
    host: listenProblem(spec.host),
    port:
      Number.isInteger(spec.port) && spec.port > 0 && spec.port < 65_536 ? null : "isn't a port",
    dir: safePathProblem(spec.dir),
    program: programProblem(spec.program),
    user: optional(spec.user, userProblem),
    upstream: sectionProblem(spec.upstream),
    socket: optional(spec.socket, safePathProblem) ?? socketProblem(spec),
    cookie: optional(spec.cookie, cookieProblem),
    ...timesProblems(spec),
  };
  const details = Object.entries(judged).flatMap(([key, problem]) =>
    problem === null ? [] : [`${key} ${problem}`],
  );
  if (details.length > 0) {
    throw new BlueGreenError("SETTINGS_INVALID", "the router can't be configured so", { details });
  }
  if (spec.reserved) checkTargets(spec.reserved);
}

function socketProblem(spec: RouterSpec): string | null {
  if (spec.dialect === "nginx") return null;
  const { socket, masterSocket, nextSocket } = filesOf(spec);
  const all = spec.mode === "managed" ? [socket, masterSocket, nextSocket] : [socket];
  const long = all.find((path) => path.length > maxSocketPath);
  return long === undefined
    ? null
    : `${long} is longer than the ${maxSocketPath} characters of a socket's path`;
}

function timesProblems(spec: RouterSpec): Record<string, string | null> {
  const judge = (ms: number): string | null =>
    Number.isInteger(ms) && ms >= 0 ? null : "isn't a whole number of milliseconds";
  const { timeoutMs, idleMs, drainMs } = spec;
  return { timeoutMs: judge(timeoutMs), idleMs: judge(idleMs), drainMs: judge(drainMs) };
}

/** @throws BlueGreenError SETTINGS_INVALID */
export function checkTargets(attached: PerColor<readonly Address[]>): void {
  const details = colors.flatMap((color) =>
    attached[color].flatMap((address) => {
      const problem = targetProblem(address);
      return problem === null ? [] : [`${color}: ${JSON.stringify(address)} ${problem}`];
    }),
  );
  if (details.length > 0) {
    throw new BlueGreenError("SETTINGS_INVALID", "addresses can't be attached", { details });
  }
}

export interface RouterFiles {
  /** The configuration: complete when managed, else the included file. */
  readonly config: string;
  /** Managed: what is being tested, to become the configuration. */
  readonly candidate: string;
  /** Adopted: what the included file held before, as long as the new text isn't tested. */
  readonly former: string;
  /** What is attached: part of what the configuration has. */
  readonly attached: string;
  /** nginx: a link whose target's name is the state in effect. */
  readonly live: string;
  /** HAProxy: the map that holds the same name. */
  readonly map: string;
  readonly states: string;
  /** nginx: files whose sizes are counters. */
  readonly counts: string;
  readonly lock: string;
  /** HAProxy: which instances a new worker has out of rotation from its first request. */
  readonly servers: string;
  /** Whose the folder is. */
  readonly owner: string;
  /** Room on the disk for a way back. */
  readonly spare: string;
  /** There once an existing server has followed our file. */
  readonly adopted: string;
  readonly socket: string;
  /** HAProxy, managed: asks the first process, and through it workers from before a reload. */
  readonly masterSocket: string;
  /** HAProxy, managed: where a worker from before a reload passes its requests on. */
  readonly nextSocket: string;
  readonly pid: string;
  readonly errorLog: string;
  readonly temp: string;
}

export function filesOf(spec: RouterSpec): RouterFiles {
  const { dir, dialect, mode } = spec;
  const included = mode === "managed" ? dialect : "bluegreen";
  const config = `${dir}/${included}.${dialect === "nginx" ? "conf" : "cfg"}`;
  return {
    config,
    candidate: `${config}.next`,
    former: `${dir}/former`,
    attached: `${dir}/attached`,
    live: `${dir}/live`,
    map: `${dir}/live.map`,
    states: `${dir}/states`,
    counts: `${dir}/counts`,
    lock: `${dir}/lock`,
    servers: `${dir}/servers`,
    owner: `${dir}/owner`,
    spare: `${dir}/spare`,
    adopted: `${dir}/adopted`,
    socket: spec.socket ?? `${dir}/admin.sock`,
    masterSocket: `${dir}/master.sock`,
    nextSocket: `${dir}/next.sock`,
    pid: `${dir}/${dialect}.pid`,
    errorLog: `${dir}/error.log`,
    temp: `${dir}/temp`,
  };
}
