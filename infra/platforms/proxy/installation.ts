/** Makes a server run with a configuration: put in place, and followed by new workers. */

import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { BlueGreenError } from "../../errors.ts";
import { colors } from "../../model.ts";
import type { Access } from "./access.ts";
import { lackingInclude } from "./adoption-check.ts";
import type { Attached } from "./dialect.ts";
import { attachedText, instancesIn, instancesOf, versionIn } from "./head.ts";
import { portInUse } from "./refusal.ts";
import { forgetRotation, keepingRotation } from "./rotation.ts";
import { missing, replace } from "./replacement.ts";
import { serverPid, signalServer, startServer } from "./server-process.ts";
import { checkTargets, filesOf } from "./spec.ts";
import { askStatus } from "./status.ts";

const testMs = 10_000;
const followedMs = 10_000;
const pollMs = 25;
/**
 * HAProxy misses a signal while it is still busy with the one before. nginx misses none, and each
 * reload closes connections that its clients keep.
 */
const againMs = { nginx: Infinity, haproxy: 3_000 } as const;
/** nginx lets former workers accept for 100 ms more; so many answers in a row come after that. */
const answersInARow = 6;

/**
 * Makes the server run with these addresses. One that does so already is left alone: there is no
 * reload without a change.
 *
 * @throws SETTINGS_INVALID, also for workers that would be root; STORE_FAILED, PORT_IN_USE,
 * ROUTER_DOWN, and ROUTER_REFUSED when the server doesn't accept its whole configuration: the former one then stays in place and in effect.
 * Where it is the reload that fails, the new one is in place, and the next call reloads again.
 */
export async function install(
  access: Access,
  attached: Attached,
  judge: Judge = differs,
): Promise<void> {
  checkTargets(attached);
  const found = await compare(access, attached);
  if (judge(found)) {
    await keepingRotation(access, instancesIn(found.text), () => follow(access, found));
  } else await forgetRotation(access);
  await storeAttached(access, attached);
}

/**
 * False when the server runs with these addresses, and with everything that its settings say.
 *
 * @throws SETTINGS_INVALID
 */
export async function needsReload(
  access: Access,
  attached: Attached,
  judge: Judge = differs,
): Promise<boolean> {
  checkTargets(attached);
  return judge(await compare(access, attached));
}

/** Whether what was found calls for a reload. */
export type Judge = (found: Found) => boolean;

function differs({ text, former, running }: Found): boolean {
  return former !== text || running !== versionIn(text);
}

/**
 * For what moves traffic: a server that runs with the addresses goes on as it is, though another
 * version of this program would configure it otherwise. The next reload brings that in.
 */
export function lacksAddresses({ text, former, running }: Found): boolean {
  if (former === null || running !== versionIn(former)) return true;
  const [now, wanted] = [instancesIn(former), instancesIn(text)];
  return colors.some((color) => now[color].join() !== wanted[color].join());
}

interface Found {
  /** The configuration that is wanted, and the one in the file. */
  readonly text: string;
  readonly former: string | null;
  /** Version of the one that the server runs. */
  readonly running: string | null;
  readonly isForeign: boolean;
}

async function compare(access: Access, attached: Attached): Promise<Found> {
  const { spec, host } = access;
  const former = await host.read(filesOf(spec).config);
  const asked = await askStatus(host, spec);
  return {
    text: configText(access, attached, former),
    former,
    running: asked.kind === "answered" ? asked.status.version : null,
    isForeign: asked.kind === "foreign",
  };
}

async function follow(access: Access, { text, former, running, isForeign }: Found): Promise<void> {
  const { spec, host, dialect } = access;
  const starts = spec.mode === "managed" && running === null && (await serverPid(access)) === null;
  if (starts && isForeign) throw portInUse(spec);
  if (starts) await dialect.allowStart(host, spec);
  await replace(access, text, former);
  if (starts) await startServer(access);
  else {
    await refuseUnread(access, running);
    await reload(access);
  }
  await followed(access, versionIn(text), starts ? 1 : answersInARow);
}

/**
 * The text holds its own digest, by which the server tells what it runs. Without anything reserved
 * what the former text has stays in it.
 */
export function configText(
  { spec, dialect }: Access,
  attached: Attached,
  former: string | null,
): string {
  const instances = instancesOf(attached, spec.reserved ?? instancesIn(former));
  const blank = dialect.render({ spec, attached: instances, version: "0".repeat(12) });
  const version = createHash("sha256").update(blank).digest("hex").slice(0, 12);
  return dialect.render({ spec, attached: instances, version });
}

/** @throws STORE_FAILED */
export async function storeAttached({ spec, host }: Access, attached: Attached): Promise<void> {
  const file = filesOf(spec).attached;
  const text = attachedText(attached);
  if ((await host.read(file)) !== text) await host.write(file, text);
}

async function reload(access: Access): Promise<void> {
  const { spec, host } = access;
  if (spec.mode === "managed") {
    await signalServer(access, "reload");
    return;
  }
  const ran = await host.run(spec.reload, { deadlineMs: testMs });
  if (ran.code === 0) return;
  if (ran.code === 127) throw missing(access, spec.reload, ran.stderr);
  const why = ran.timedOut
    ? `took more than ${testMs} ms`
    : `failed with ${ran.code ?? "a signal"}`;
  const message = `the reload of ${spec.dialect} (${spec.reload.join(" ")}) ${why}`;
  throw new BlueGreenError("ROUTER_REFUSED", message, {
    details: `${ran.stdout}\n${ran.stderr}`.split("\n").filter((line) => line.trim() !== ""),
    hint: "The former configuration is in effect; the next `bluegreen up` reloads again.",
  });
}

/** A server that doesn't read our file would be reloaded for nothing, and its clients would notice. */
async function refuseUnread(access: Access, running: string | null): Promise<void> {
  const { mode, dialect } = access.spec;
  // A HAProxy may be given the file by its folder, which its command line doesn't tell.
  if (running !== null || mode !== "adopted" || dialect !== "nginx") return;
  const [lacking] = await lackingInclude(access);
  if (lacking !== undefined) throw await notFollowed(access, `yet: ${lacking}`);
}

/** A reload that was accepted can still fail later: only new workers prove it. */
async function followed(access: Access, version: string | null, wanted: number): Promise<void> {
  const { spec, host } = access;
  const began = Date.now();
  let inARow = 0;
  for (let reloads = 0; ;) {
    const asked = await askStatus(host, spec);
    const isNew = asked.kind === "answered" && asked.status.version === version;
    inARow = isNew ? inARow + 1 : 0;
    if (inARow === wanted) return;
    if (Date.now() > began + followedMs) {
      const now =
        asked.kind === "answered" ? "the former configuration is still in effect" : asked.problem;
      throw await notFollowed(access, `within ${followedMs} ms: ${now}`);
    }
    if (Date.now() > began + (reloads + 1) * againMs[spec.dialect]) {
      reloads += 1;
      await reload(access);
    }
    await sleep(pollMs);
  }
}

async function notFollowed({ spec, host }: Access, why: string): Promise<BlueGreenError> {
  const { config, errorLog } = filesOf(spec);
  const log = spec.mode === "managed" ? ((await host.read(errorLog)) ?? "") : "";
  const message = `${spec.dialect} doesn't follow ${config} ${why}`;
  const said = log.trim().split("\n").slice(-5);
  return new BlueGreenError("ROUTER_DOWN", message, {
    details: spec.mode === "managed" ? said : [],
    hint:
      spec.mode === "managed"
        ? `Read its log${spec.dialect === "nginx" ? `: ${errorLog}` : ""}, then run \`bluegreen up\` again.`
        : `${spec.dialect} doesn't include the file yet, or wasn't reloaded: do as the lines above say.`,
  });
}
