/** The provider executable over its wire: what it makes, compares, reads back and refuses. */

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { parseError } from "../../infra/errors.ts";
import { weightsOf } from "../../infra/model.ts";
import type { Settings } from "../../infra/config.ts";
import { instancesType, routeType, routerType } from "../../infra/platforms/local/types.ts";
import { colorSpecOf } from "../../infra/platforms/local/freeze.ts";
import type { LocalSpec } from "../../infra/platforms/local/freeze.ts";
import { placeOf } from "../../infra/platforms/local/place.ts";
import { startOf } from "../../infra/process-identity.ts";
import type { Properties } from "../../infra/provider/handler.ts";
import { recordType } from "../../infra/provider/record-type.ts";
import { endProcesses } from "../support/project/processes.ts";
import { localBed } from "./local/bed.ts";
import {
  ProviderProcess,
  RefusedCall,
  executable,
  startQuietEngine,
} from "./local/provider-process.ts";
import type { Made, QuietEngine } from "./local/provider-process.ts";
import type { PlatformBed } from "./suite/bed.ts";

let bed: PlatformBed;
let provider: ProviderProcess;
const made: [string, Made][] = [];

beforeEach(async () => {
  bed = await localBed();
  provider = await ProviderProcess.start();
});

afterEach(async () => {
  try {
    for (const [type, each] of made.splice(0).reverse()) await provider.delete(type, each);
  } finally {
    provider.stop();
    await bed.dispose();
  }
});

async function create(type: string, inputs: Properties): Promise<Made> {
  const each = await provider.create(type, inputs);
  made.push([type, each]);
  return each;
}

function routerInputs({ settings }: PlatformBed): Properties {
  const { host, port } = settings.local;
  const dir = placeOf(settings).router;
  return { dir, host, port, drainMs: settings.drainMs, accessLog: false, pauseMs: 0 };
}

function routeInputs({ settings }: PlatformBed, change: Properties = {}): Properties {
  const attached = { blue: ["127.0.0.1:1"], green: [] };
  const dir = placeOf(settings).router;
  return { dir, weights: weightsOf(null), attached, generation: 1, rolloutId: "r1", ...change };
}

/** With the secrets wrapped as the engine wraps them. */
async function instancesInputs(settings: Settings, version: string): Promise<Properties> {
  const frozen = await bed.platform.freeze(settings, { version, store: true });
  const { color, releases } = placeOf(settings);
  const args = { settings, color: "blue", frozen, size: 1, rolloutId: "r1" } as const;
  const spec = colorSpecOf(args, frozen.spec as LocalSpec, releases);
  return { dir: color.blue, spec: secret({ ...spec }) };
}

function secret(value: unknown): Properties {
  return { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value };
}

async function refusal(work: Promise<unknown>): Promise<RefusedCall> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  return error instanceof RefusedCall ? error : expect.fail(`no refusal but ${String(error)}`);
}

test("makes a router, sets its routes and reads both back", async () => {
  const router = await create(routerType, routerInputs(bed));
  const route = await create(routeType, routeInputs(bed));
  expect(await provider.read(routerType, router)).toMatchObject({ id: router.id });
  const change = { generation: 2, weights: weightsOf("blue"), rolloutId: "r2" };
  const updated = await provider.update(routeType, route, routeInputs(bed, change));
  expect(updated.properties).toMatchObject(change);
  expect((await provider.read(routeType, route))?.properties).toMatchObject(change);
});

test("sees a change only where a value differs, whatever the order of keys", async () => {
  await create(routerType, routerInputs(bed));
  const route = await create(routeType, routeInputs(bed));
  const { weights, ...rest } = routeInputs(bed);
  expect(await provider.differs(routeType, route, { ...rest, weights })).toBe(false);
  expect(await provider.differs(routeType, route, routeInputs(bed, { generation: 2 }))).toBe(true);
});

test("starts a color from a secret spec, and keeps the secret wrapped", async () => {
  const blue = await create(instancesType, await instancesInputs(bed.settings, "1"));
  const [address] = blue.properties["addresses"] as readonly string[];
  expect(await bed.askInstance(address ?? "")).toMatchObject({ body: "blue 1" });
  expect(Object.keys(blue.properties["spec"] as object)).toContain("value");
  expect((await provider.read(instancesType, blue))?.properties["addresses"]).toEqual([address]);
});

test("reads what is gone as gone", async () => {
  const router = await create(routerType, routerInputs(bed));
  const blue = await create(instancesType, await instancesInputs(bed.settings, "1"));
  await provider.delete(routerType, router);
  await provider.delete(instancesType, blue);
  expect(await provider.read(routerType, router)).toBeNull();
  expect(await provider.read(instancesType, blue)).toBeNull();
});

test("deletes twice without complaint", async () => {
  const router = await create(routerType, routerInputs(bed));
  await provider.delete(routerType, router);
  await provider.delete(routerType, router);
  expect(await provider.read(routerType, router)).toBeNull();
});

test("says in the system's words what the system refuses", async () => {
  const { dir, ...rest } = routerInputs(bed);
  const file = `${String(dir)}-file`;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, "in the way");
  const refused = await refusal(provider.create(routerType, { ...rest, dir: `${file}/router` }));
  expect(refused.message).toMatch(/ENOTDIR|EEXIST|not a directory/);
});

test("hands a color that never got healthy to the state, with our code in the message", async () => {
  const inputs = await instancesInputs(bed.settings, "sick-1");
  const refused = await refusal(provider.create(instancesType, inputs));
  expect(parseError(refused.message)).toMatchObject({ code: "PROVISION_FAILED" });
  expect(refused.made).toMatchObject({ id: inputs["dir"] });
  const half = refused.made ?? expect.fail("nothing entered the state");
  made.push([instancesType, half]);
  const mended = await instancesInputs(bed.settings, "2");
  const { properties } = await provider.update(instancesType, half, mended);
  const [address] = properties["addresses"] as readonly string[];
  expect(await bed.askInstance(address ?? "")).toMatchObject({ body: "blue 2" });
});

test("refuses traffic for a color without an address, and changes nothing", async () => {
  await create(routerType, routerInputs(bed));
  const route = await create(routeType, routeInputs(bed));
  const wrong = routeInputs(bed, { weights: weightsOf("green"), generation: 2 });
  const refused = await refusal(provider.update(routeType, route, wrong));
  expect(parseError(refused.message)).toMatchObject({ code: "COLOR_EMPTY" });
  expect(refused.made).toBeNull();
  const { properties } = (await provider.read(routeType, route)) ?? expect.fail("it is gone");
  expect(properties).toMatchObject({ generation: 1, weights: weightsOf(null) });
});

test("refuses routes of a lower generation than those that serve, and changes nothing", async () => {
  await create(routerType, routerInputs(bed));
  const inputs = routeInputs(bed, { weights: weightsOf("blue"), generation: 5 });
  const route = await create(routeType, inputs);
  const late = routeInputs(bed, { weights: weightsOf(null), generation: 4 });
  const refused = await refusal(provider.update(routeType, route, late));
  expect(parseError(refused.message)).toMatchObject({ code: "DRIFT", exitCode: 5 });
  const { properties } = (await provider.read(routeType, route)) ?? expect.fail("it is gone");
  expect(properties).toMatchObject({ generation: 5, weights: weightsOf("blue") });
});

test("keeps the record as it is handed over", async () => {
  const record = { schema: 1, activeColor: "blue" };
  const stored = await create(recordType, { record, platform: "local" });
  expect(stored.properties).toEqual({ record, platform: "local" });
  expect(await provider.read(recordType, stored)).toMatchObject({ properties: { record } });
});

interface Started {
  /** Stands in for the engine's process. */
  readonly engine: ChildProcess;
  readonly pid: number;
  readonly said: () => string;
}

/** A provider that is the child of a process of its own, which tells its pid at once. */
async function startedWith(given: readonly string[], file = executable): Promise<Started> {
  const script = `"$0" "$@" & echo "pid $!"; wait`;
  const engine = spawn("sh", ["-c", script, file, ...given], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  engine.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  onTestFinished(() => void engine.kill("SIGKILL"));
  await until("the provider is started", () => said.includes("pid "));
  const pid = Number(/pid (\d+)/.exec(said)?.[1]);
  onTestFinished(() => endProcesses([pid]));
  return { engine, pid, said: () => said };
}

async function serving(given: readonly string[]): Promise<Started> {
  const started = await startedWith(given);
  await until("the provider serves", () => /^\d+$/m.test(started.said()));
  expect(startOf(started.pid)).not.toBeNull();
  return started;
}

/** Listens until the test is over: whoever ends before that ended for another reason. */
async function quietEngine(): Promise<QuietEngine> {
  const engine = await startQuietEngine();
  onTestFinished(() => {
    engine.stop();
  });
  return engine;
}

async function killed(engine: ChildProcess): Promise<void> {
  const exit = once(engine, "exit");
  engine.kill("SIGKILL");
  await exit;
}

interface HeldExecutable {
  readonly file: string;
  readonly release: () => void;
}

/** The executable, in a checkout whose Node says "held" and begins only when it is released. */
function heldExecutable(): HeldExecutable {
  const root = mkdtempSync(join(tmpdir(), "bg-held-"));
  onTestFinished(() => {
    rmSync(root, { recursive: true, force: true });
  });
  const provider = join(root, "infra", "provider");
  const bin = join(root, "node_modules", ".bin");
  for (const folder of [provider, bin]) mkdirSync(folder, { recursive: true });
  const file = join(provider, basename(executable));
  symlinkSync(executable, file);
  symlinkSync(join(dirname(executable), "main.ts"), join(provider, "main.ts"));
  const go = join(root, "go");
  const node = `#!/bin/sh\necho held\nwhile [ ! -e "${go}" ]; do sleep 0.02; done
exec "${process.execPath}" "$@"\n`;
  writeFileSync(join(bin, "node"), node, { mode: 0o755 });
  return {
    file,
    release: () => {
      writeFileSync(go, "");
    },
  };
}

test("ends soon after the engine that started it was killed", async () => {
  const { address } = await quietEngine();
  const { engine, pid } = await serving([address]);
  await killed(engine);
  await until("the provider ends", () => startOf(pid) === null);
});

test("ends also when its engine was killed before it could begin to look", async () => {
  const { address } = await quietEngine();
  const { file, release } = heldExecutable();
  const { engine, pid, said } = await startedWith([address], file);
  await until("the script has handed over to Node", () => said().includes("held"));
  await killed(engine);
  release();
  await until("the provider ends", () => startOf(pid) === null);
});

test("ends when nobody listens at its engine's address any more, though its parent lives", async () => {
  const quiet = await quietEngine();
  const { engine, pid } = await serving([quiet.address]);
  quiet.stop();
  await until("the provider ends", () => startOf(pid) === null);
  expect(engine.signalCode).toBeNull();
});

test("takes no other address that it is given for its engine's", async () => {
  const tracing = await quietEngine();
  const quiet = await quietEngine();
  const { pid } = await serving(["-v=9", "--tracing", tracing.address, quiet.address]);
  quiet.stop();
  await until("the provider ends", () => startOf(pid) === null);
});

async function until(what: string, condition: () => boolean, limitMs = 10_000): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
