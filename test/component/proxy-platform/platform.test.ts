/** The platform as the driver and the provider use it, here and over SSH. */

import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { parseSettings } from "../../../infra/config.ts";
import type { Settings } from "../../../infra/config.ts";
import type { ColorOutputs, PerColor } from "../../../infra/model.ts";
import { byHand, perColor, weightsOf } from "../../../infra/model.ts";
import type { LogEntry } from "../../../infra/platform.ts";
import type { SshAccess } from "../../../infra/platforms/proxy/hosts/open-ssh.ts";
import { proxy } from "../../../infra/platforms/proxy/index.ts";
import { reservedOf, routerPlaceOf } from "../../../infra/platforms/proxy/place.ts";
import { routerHandlers } from "../../../infra/platforms/proxy/resources/router-handlers.ts";
import { routeType, routerType } from "../../../infra/platforms/proxy/resources/types.ts";
import type { DialectName } from "../../../infra/platforms/proxy/spec.ts";
import type { Properties, ResourceHandler } from "../../../infra/provider/handler.ts";
import { HalfMade } from "../../../infra/provider/handler.ts";
import { workersAccount } from "../../support/programs.ts";
import { accepts, startSshd } from "./sshd.ts";
import type { TestInstance } from "./support.ts";
import {
  call,
  describeDialects,
  describeWith,
  endServer,
  findProgram,
  freePort,
  onEnd,
  openFolder,
  startColors,
} from "./support.ts";

interface Stage {
  readonly settings: Settings;
  readonly port: number;
  readonly colors: PerColor<ColorOutputs>;
}

async function makeStage(
  dialect: DialectName,
  change: { readonly ssh?: SshAccess; readonly port?: number; readonly cookie?: string } = {},
): Promise<Stage> {
  const instances = await startColors();
  const port = change.port ?? (await freePort());
  const account = workersAccount();
  const slice = {
    dialect,
    dir: join(openFolder(), "router"),
    program: findProgram(dialect),
    ...change,
    port,
    colors: serversAt(instances),
    ...(dialect === "haproxy" && account !== null && { user: account }),
  };
  const settings = parseSettings({
    environment: "dev",
    application: "shop",
    platform: "proxy",
    drain: "200ms",
    health: '{"path":"/"}',
    proxy: JSON.stringify(slice),
  });
  onEnd(() => {
    endServer(routerPlaceOf(settings).spec);
  });
  const colors = perColor((color): ColorOutputs => {
    const addresses = [instances[color].address];
    const release = { version: "1", digest: "sha256:1" };
    const known = { schema: 1, rolloutId: byHand, size: 1, given: false, spec: null };
    return { ...known, color, release, addresses };
  });
  return { settings, port, colors };
}

function serversAt({ blue, green }: PerColor<TestInstance>) {
  const install = ["true"];
  return { kind: "servers", blue: [blue.address], green: [green.address], install };
}

function handlerOf(type: string): ResourceHandler {
  return routerHandlers[type] ?? expect.fail(`no handler for ${type}`);
}

/** The engine drops nulls on their way to a provider. */
function dropped<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_, inner: unknown) =>
    inner === null ? undefined : inner,
  ) as T;
}

function routerInputs({ settings }: Stage): Properties {
  return dropped({ ...routerPlaceOf(settings) });
}

function routeInputs(stage: Stage, active: "blue" | "green" | null, generation: number) {
  const { settings, colors } = stage;
  const attached = perColor((color) => colors[color].addresses);
  const reserved = reservedOf(settings);
  const own = { weights: weightsOf(active), generation, rolloutId: `r${generation}`, mark: null };
  return dropped({ ...routerPlaceOf(settings), reserved, attached, former: null, ...own });
}

async function makeRouter(stage: Stage, active: "blue" | null): Promise<void> {
  await handlerOf(routerType).create(routerInputs(stage));
  await handlerOf(routeType).create(routeInputs(stage, active, 1));
}

async function textsOf(entries: AsyncIterable<LogEntry>): Promise<readonly string[]> {
  const texts: string[] = [];
  for await (const { line } of entries) texts.push(line);
  return texts;
}

describeDialects("the router's resources", (dialect) => {
  test("are made, changed, read and removed, though the engine drops nulls", async () => {
    const stage = await makeStage(dialect);
    const [router, route] = [handlerOf(routerType), handlerOf(routeType)];
    const made = routerInputs(stage);
    expect(await router.read(made)).toBeNull();
    await makeRouter(stage, "blue");
    expect((await call(stage.port)).text).toBe("blue");
    expect(await router.read(made)).toEqual({});
    const next = routeInputs(stage, "green", 2);
    await route.update(next, routeInputs(stage, "blue", 1));
    expect((await call(stage.port)).text).toBe("green");
    expect(await route.read(next)).toMatchObject({ generation: 2, weights: weightsOf("green") });
    await expect(route.update(routeInputs(stage, "blue", 1), next)).rejects.toMatchObject({
      code: "DRIFT",
    });
    await route.delete(next);
    expect((await call(stage.port)).status).toBe(503);
    await router.delete(made);
    await router.delete(made);
    expect(await router.read(made)).toBeNull();
    expect(await route.read(next)).toBeNull();
    await route.delete(next);
    expect(existsSync(routerPlaceOf(stage.settings).spec.dir)).toBe(false);
  });

  test("stay where they are while they have traffic, and move without it", async () => {
    const stage = await makeStage(dialect);
    const router = handlerOf(routerType);
    await makeRouter(stage, "blue");
    const former = routerInputs(stage);
    const moved = await makeStage(dialect, { port: stage.port });
    const refused = router.update(routerInputs(moved), former);
    await expect(refused).rejects.toMatchObject({ code: "ROUTER_ACTIVE" });
    expect((await call(stage.port)).text).toBe("blue");
    await handlerOf(routeType).update(routeInputs(stage, null, 2), routeInputs(stage, "blue", 1));
    await router.update(routerInputs(moved), former);
    expect(await router.read(routerInputs(moved))).toEqual({});
    expect(existsSync(routerPlaceOf(stage.settings).spec.dir)).toBe(false);
  });

  test("have their findings: the server, its servers, what a restart would say", async () => {
    const stage = await makeStage(dialect);
    const scope = { settings: stage.settings, colors: stage.colors };
    await makeRouter(stage, "blue");
    const found = (await proxy.diagnose?.(scope)) ?? [];
    expect(found.filter(({ level }) => level === "problem")).toEqual([]);
    expect(found.map(({ subject, sentence }) => `${subject}: ${sentence}`)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(`router: ${dialect} on this machine at .* follows generation 1`),
        "blue: 1 of 1 servers are ready",
      ]),
    );
    const gone = { ...stage.colors.green, addresses: [`127.0.0.1:${await freePort()}`] };
    const sick = await proxy.diagnose?.({ ...scope, colors: { ...stage.colors, green: gone } });
    expect(sick).toContainEqual(
      expect.objectContaining({
        level: "problem",
        subject: "green",
        sentence: expect.stringMatching(/^0 of 1 servers are ready: .*refused/) as string,
      }),
    );
  });
});

describeWith(["nginx"], "a router that was begun", () => {
  test("is known to the engine though its start failed, so that it can be mended and go", async () => {
    const stage = await makeStage("nginx");
    const router = handlerOf(routerType);
    const { spec, ...rest } = routerPlaceOf(stage.settings);
    // Followed by nobody: this is no program that would ever answer.
    const broken = dropped({ ...rest, spec: { ...spec, program: "/bin/true" } });
    const error: unknown = await router.create(broken).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(HalfMade);
    expect((error as HalfMade).cause).toMatchObject({ code: "ROUTER_DOWN" });
    await router.update(routerInputs(stage), broken);
    expect((await call(stage.port)).status).toBe(503);
    await router.delete(routerInputs(stage));
    expect(existsSync(spec.dir)).toBe(false);
    await expect(call(stage.port)).rejects.toThrow();
  });
});

test("a state without an application has nothing to be diagnosed", async () => {
  const colors = { kind: "process", command: ["app"] };
  const settings = parseSettings({
    environment: "dev",
    platform: "proxy",
    proxy: JSON.stringify({ colors }),
  });
  expect(await proxy.diagnose?.({ settings, colors: perColor(() => null) })).toEqual([]);
});

test("instances that keep their logs themselves are named", () => {
  const colors = { kind: "servers", blue: ["a:1"], green: ["b:1"], install: ["x"] };
  const settings = parseSettings({
    environment: "dev",
    application: "shop",
    platform: "proxy",
    proxy: JSON.stringify({ colors, dialect: "haproxy" }),
  });
  const query = { tail: 5, follow: null, instance: null } as const;
  const asked = () => proxy.logs?.(settings, { ...query, source: "blue" });
  const hint = expect.stringMatching(/read them there: a:1$/) as string;
  expect(asked).toThrow(expect.objectContaining({ code: "USAGE", hint }));
  expect(() => proxy.logs?.(settings, { ...query, source: "router" })).toThrow(/no log of its own/);
  expect(() => proxy.logs?.(settings, { ...query, source: "access" })).toThrow(/no access log/);
});

describeWith(["nginx", "sshd", "ssh", "ssh-keygen"], "a router over SSH", () => {
  test("is made, read, flipped, looked at and left, and no connection stays open", async () => {
    const { access } = await startSshd();
    const stage = await makeStage("nginx", { ssh: access });
    const { settings, colors, port } = stage;
    const scope = { settings, colors };
    // Others' connections are elsewhere; short, as a socket's path must be.
    const temporary = mkdtempSync("/tmp/bg-");
    vi.stubEnv("TMPDIR", temporary);
    onEnd(() => {
      vi.unstubAllEnvs();
      rmSync(temporary, { recursive: true, force: true });
    });
    await makeRouter(stage, "blue");
    expect(await proxy.read(scope)).toMatchObject({
      weights: weightsOf("blue"),
      targets: { blue: { ready: 1, total: 1 }, green: { ready: 1 } },
      problems: [],
    });
    const routes = { generation: 2, rolloutId: "back", mark: null, former: null };
    await proxy.flip?.(scope, { ...routes, weights: weightsOf("green") });
    expect((await call(port)).text).toBe("green");
    const found = (await proxy.diagnose?.(scope)) ?? [];
    expect(found.map(({ sentence }) => sentence).join()).toMatch(/nginx on .*@127\.0\.0\.1 at/);
    const query = { source: "router", tail: 3, follow: null, instance: null } as const;
    expect(await textsOf(proxy.logs?.(settings, query) ?? expect.fail("no logs"))).toEqual(
      lastLines(join(routerPlaceOf(settings).spec.dir, "error.log"), 3),
    );
    await handlerOf(routerType).delete(routerInputs(stage));
    expect(await accepts(port)).toBe(false);
    expect(readdirSync(temporary)).toEqual([]);
  }, 90_000);

  test("is silent when its host is, and an update says why", async () => {
    const { access } = await startSshd();
    const ssh = { ...access, port: await freePort() };
    const stage = await makeStage("nginx", { ssh });
    const { settings, colors } = stage;
    const reading = await proxy.read({ settings, colors });
    expect(reading).toMatchObject({ weights: null, targets: { blue: { ready: 1 } } });
    expect(reading.problems.join()).toMatch(/can't be reached|no connection/);
    const unreachable = { code: "HOST_UNREACHABLE" };
    await expect(handlerOf(routerType).create(routerInputs(stage))).rejects.toMatchObject(
      unreachable,
    );
    await expect(handlerOf(routerType).read(routerInputs(stage))).rejects.toMatchObject(
      unreachable,
    );
    await expect(
      proxy.flip?.(
        { settings, colors },
        { ...routeInputs(stage, "blue", 1), mark: null, former: null },
      ),
    ).rejects.toMatchObject(unreachable);
  });
});

function lastLines(file: string, count: number): readonly string[] {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => line !== "").slice(-count);
}
