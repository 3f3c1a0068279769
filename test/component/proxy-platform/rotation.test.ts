/** A server whose release changes gets no requests from a real HAProxy until it is healthy. */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { parseSettings } from "../../../infra/config.ts";
import { byHand, perColor } from "../../../infra/model.ts";
import type { ColorOutputs } from "../../../infra/model.ts";
import { runtimeOf } from "../../../infra/platforms/proxy/haproxy/runtime.ts";
import { serverModes, setServerMode } from "../../../infra/platforms/proxy/haproxy/servers.ts";
import { thisMachine } from "../../../infra/platforms/proxy/hosts/this-machine.ts";
import { underLock } from "../../../infra/platforms/proxy/lock.ts";
import { proxy } from "../../../infra/platforms/proxy/index.ts";
import { serverHandler } from "../../../infra/platforms/proxy/resources/server-handler.ts";
import type { Rotation } from "../../../infra/platforms/proxy/rotation.ts";
import {
  keepingRotation,
  putBack,
  rotationOf,
  takeOut,
} from "../../../infra/platforms/proxy/rotation.ts";
import { filesOf } from "../../../infra/platforms/proxy/spec.ts";
import type { Properties } from "../../../infra/provider/handler.ts";
import { HalfMade } from "../../../infra/provider/handler.ts";
import { accepts, startSshd } from "./sshd.ts";
import type { Started } from "./support.ts";
import {
  call,
  describeWith,
  freePort,
  kill,
  onEnd,
  openFolder,
  routesTo,
  startInstance,
  startedRouter,
} from "./support.ts";

/** Listens at once, but needs a while until it is of use, as many applications do. */
const app = `import { createServer } from "node:http";
const [, , port, version] = process.argv;
const warmAt = Date.now() + 600;
createServer((request, response) => {
  response.statusCode = Date.now() < warmAt ? 503 : 200;
  response.end(version);
}).listen(Number(port), "127.0.0.1");
`;
const script = `#!/bin/sh
set -eu
[ "$2" != bad ] || exit 9
if [ -f "pid.$1" ]; then kill "$(cat "pid.$1")" 2>/dev/null || true; fi
"${process.execPath}" app.mjs "$1" "$2" >/dev/null 2>&1 &
echo $! > "pid.$1"
`;

interface Servers {
  readonly started: Started;
  readonly rotation: Rotation;
  readonly addresses: readonly string[];
  readonly order: (index: number, change?: object) => Properties;
  readonly end: (index: number) => Promise<void>;
  readonly modes: () => Promise<readonly string[]>;
}

/** Two servers of blue with release 1 behind HAProxy. */
async function startServers(): Promise<Servers> {
  const folder = openFolder();
  vi.stubEnv("XDG_STATE_HOME", join(folder, "state"));
  onEnd(() => vi.unstubAllEnvs());
  writeFileSync(join(folder, "app.mjs"), app);
  writeFileSync(join(folder, "install.sh"), script, { mode: 0o755 });
  const ports = [await freePort(), await freePort()];
  const addresses = ports.map((port) => `127.0.0.1:${port}`);
  const end = async (index: number): Promise<void> => {
    const port = ports[index] ?? 0;
    const file = join(folder, `pid.${port}`);
    if (existsSync(file)) kill(Number(readFileSync(file, "utf8")), "SIGKILL");
    await expect.poll(() => accepts(port)).toBe(false);
  };
  const started = await startedRouter("haproxy", { reserved: { blue: addresses, green: [] } });
  const rotation = { ...runtimeOf(started.spec), ssh: null, lock: null, drainMs: 2_000 };
  const order = (index: number, change: { readonly version?: string } = {}): Properties => ({
    ...{ address: addresses[index], color: "blue", version: "1", remove: [], cwd: folder },
    digest: `sha256:${change.version ?? "1"}`,
    install: ["./install.sh", "{port}", "{version}"],
    health: { path: "/", statuses: [200], timeoutMs: 500, intervalMs: 50 },
    ...{ startMs: 5_000, rotation },
    ...change,
  });
  const modes = async () => {
    return (await serverModes(thisMachine, rotation, "blue")).map(({ mode }) => mode);
  };
  onEnd(() => Promise.all([...ports.keys()].map(end)));
  for (const index of ports.keys()) await serverHandler.create(order(index));
  await started.router.setRoutes(routesTo("blue", { blue: addresses }));
  return { started, rotation, addresses, order, end, modes };
}

/** Statuses other than 200 that clients got meanwhile. */
async function badDuring(port: number, work: () => Promise<unknown>): Promise<readonly number[]> {
  const bad: number[] = [];
  const state = { isOver: false };
  const client = (async () => {
    while (!state.isOver) {
      const { status } = await call(port);
      if (status !== 200) bad.push(status);
    }
  })();
  await work().finally(() => {
    state.isOver = true;
  });
  await client;
  return bad;
}

describeWith(["haproxy"], "a server whose release is brought back", () => {
  test("gets no request before it is healthy, though it listens", async () => {
    const { started, order, end, modes } = await startServers();
    const sick = { ...order(0), installed: "sha256:1", digest: "unhealthy" };
    await end(0);
    const without = await badDuring(started.port, () =>
      serverHandler.update(order(0, { rotation: null }), sick),
    );
    expect(without).toContain(503);
    await end(0);
    const bad = await badDuring(started.port, async () => {
      const updated = serverHandler.update(order(0), sick);
      await expect.poll(modes, { interval: 10 }).toEqual(["drain", "ready"]);
      expect(await updated).toEqual({ installed: "sha256:1" });
    });
    expect(bad).toEqual([]);
    expect(await modes()).toEqual(["ready", "ready"]);
  });

  test("stays out when that fails, isn't taken for ready, and comes back mended", async () => {
    const { started, rotation, order, addresses, modes } = await startServers();
    const failing = serverHandler.update(order(1, { version: "bad" }), order(1));
    await expect(failing).rejects.toBeInstanceOf(HalfMade);
    expect(await modes()).toEqual(["ready", "drain"]);
    const scope = { settings: settingsOf(started, addresses), colors: colorsAt(addresses) };
    expect((await proxy.read(scope)).targets.blue).toMatchObject({
      ...{ ready: 1, total: 2, reachable: true },
      problems: [`${addresses[1] ?? ""} gets no requests: HAProxy has it in drain`],
    });
    const first = { color: "blue", address: addresses[0] ?? "" } as const;
    await setServerMode(thisMachine, rotation, { ...first, mode: "maint" });
    expect((await proxy.read(scope)).targets.blue).toMatchObject({ ready: 0, total: 2 });
    await setServerMode(thisMachine, rotation, { ...first, mode: "ready" });
    await serverHandler.update(order(1, { version: "2" }), order(1));
    expect(await modes()).toEqual(["ready", "ready"]);
    expect((await proxy.read(scope)).targets.blue).toMatchObject({ ready: 2, problems: [] });
  });
});

describeWith(["haproxy"], "a server that is taken out of rotation", () => {
  async function slowOne() {
    const started = await startedRouter("haproxy");
    const { address } = await startInstance("slow", (_, res) => {
      setTimeout(() => res.end("slow"), 500);
    });
    const at = address.replace("127.0.0.1", "localhost");
    await started.router.setRoutes(routesTo("blue", { blue: [at] }));
    const instance = { color: "blue", address: at } as const;
    return { ...started, instance, place: runtimeOf(started.spec) };
  }

  test("ends what it has in flight, within the drain's time", async () => {
    const { router, place, port, instance } = await slowOne();
    for (const { drainMs, ended } of [
      { drainMs: 5_000, ended: true },
      { drainMs: 50, ended: false },
    ]) {
      const rotation = { ...place, ssh: null, lock: null, drainMs };
      let isAnswered = false;
      const reply = call(port).then(({ status }) => {
        isAnswered = true;
        return status;
      });
      await expect.poll(async () => (await openOf(router)) > 0).toBe(true);
      expect(await takeOut(rotation, instance)).toBe(true);
      expect(isAnswered).toBe(ended);
      expect(await reply).toBe(200);
      expect((await call(port)).status).toBe(503);
      await putBack(rotation, instance);
      expect((await call(port)).status).toBe(200);
    }
  });

  test("is out still after a reload, and one that somebody else took out as well", async () => {
    const started = await startedRouter("haproxy");
    const [one, two, other] = [
      await startInstance("one"),
      await startInstance("two"),
      await startInstance("other"),
    ];
    const [place, blue] = [runtimeOf(started.spec), [one.address, two.address]];
    await started.router.setRoutes(routesTo("blue", { blue, green: [other.address] }));
    await takeOut(
      { ...place, ssh: null, lock: null, drainMs: 0 },
      { color: "blue", address: two.address },
    );
    const outside = { color: "green", address: other.address } as const;
    await setServerMode(thisMachine, place, { ...outside, mode: "maint" });
    const more = { blue: [...blue, (await startInstance("more")).address], green: [other.address] };
    const met = await textsDuring(started.port, () =>
      started.router.setRoutes(routesTo("blue", more)),
    );
    expect(met.get("one")).toBeGreaterThan(5);
    expect(met.get("two") ?? 0).toBe(0);
    const modes = await serverModes(thisMachine, place, "blue");
    expect(modes.map(({ mode }) => mode)).toEqual(["ready", "drain", "ready"]);
    expect(await serverModes(thisMachine, place, "green")).toMatchObject([{ mode: "maint" }]);
    const texts = await Promise.all(Array.from({ length: 8 }, () => call(started.port)));
    expect(new Set(texts.map(({ text }) => text))).toEqual(new Set(["one", "more"]));
    await started.router.setRoutes(routesTo("blue", { blue: [one.address] }));
    expect(await serverModes(thisMachine, place, "blue")).toMatchObject([{ mode: "ready" }]);
  });

  test("has its place in a list of other addresses, and who has its place now isn't out", async () => {
    const started = await startedRouter("haproxy");
    const [one, two] = [await startInstance("one"), await startInstance("two")];
    const place = runtimeOf(started.spec);
    await started.router.setRoutes(routesTo("blue", { blue: [one.address, two.address] }));
    await setServerMode(thisMachine, place, { color: "blue", address: two.address, mode: "drain" });
    const swapped = { blue: [two.address, one.address] };
    const met = await textsDuring(started.port, () =>
      started.router.setRoutes(routesTo("blue", swapped)),
    );
    expect([...met.keys()]).toEqual(["one"]);
    const modes = await serverModes(thisMachine, place, "blue");
    expect(modes.map(({ mode }) => mode)).toEqual(["drain", "ready"]);
    // Somebody else's reload, later, is to find nobody out.
    expect(readFileSync(filesOf(started.spec).servers, "utf8")).toBe("1\n");
  });

  test("isn't out for good when it is put back while a reload is under way", async () => {
    const { spec, place, instance } = await slowOne();
    const { lock } = filesOf(spec);
    const rotation = { ...place, lock, ssh: null, drainMs: 0 };
    await takeOut(rotation, instance);
    let back = Promise.resolve();
    const next = { blue: [instance.address], green: [] };
    await underLock(thisMachine, lock, (host) =>
      keepingRotation({ host, spec }, next, async () => {
        back = putBack(rotation, instance);
        await Promise.race([back, sleep(500)]);
      }),
    );
    await back;
    expect(await serverModes(thisMachine, place, "blue")).toMatchObject([{ mode: "ready" }]);
  });

  test("isn't taken out by what a reload that failed has left behind", async () => {
    const { spec, place, instance } = await slowOne();
    const { lock, servers } = filesOf(spec);
    const rotation = { ...place, lock, ssh: null, drainMs: 0 };
    const next = { blue: [instance.address], green: [] };
    await takeOut(rotation, instance);
    const refused = () => Promise.reject(new Error("the reload failed"));
    await expect(keepingRotation({ host: thisMachine, spec }, next, refused)).rejects.toThrow();
    await putBack(rotation, instance);
    let loaded = "";
    await keepingRotation({ host: thisMachine, spec }, next, () => {
      loaded = readFileSync(servers, "utf8");
      return Promise.resolve();
    });
    expect(loaded).toBe("1\n");
  });

  test("is none where no HAProxy runs, or knows it, and none on nginx", async () => {
    const { place, instance, ...started } = await slowOne();
    const rotation = { ...place, ssh: null, lock: null, drainMs: 1_000 };
    const other = { ...instance, address: "127.0.0.1:1" };
    expect(await takeOut(rotation, other)).toBe(false);
    await putBack(rotation, other);
    expect(await takeOut({ ...rotation, name: "other" }, instance)).toBe(false);
    const nowhere = join(openFolder(), "gone.sock");
    const gone = { ...rotation, socket: nowhere, master: nowhere };
    expect(await takeOut(gone, instance)).toBe(false);
    const { spec } = started;
    const settings = settingsOf({ spec: { ...spec, dialect: "nginx" } }, [instance.address]);
    expect(rotationOf(settings)).toBeNull();
    expect(rotationOf(settingsOf({ spec }, [instance.address]))).toEqual({
      ...{ ...place, ssh: null, lock: filesOf(spec).lock },
      drainMs: settings.drainMs,
    });
  });
});

describeWith(["haproxy", "sshd", "ssh", "ssh-keygen"], "a router elsewhere", () => {
  test("takes servers out and puts them back over SSH", async () => {
    const { access } = await startSshd();
    const { spec, router } = await startedRouter("haproxy");
    const { address } = await startInstance("one");
    await router.setRoutes(routesTo("blue", { blue: [address] }));
    const rotation = { ...runtimeOf(spec), ssh: access, lock: filesOf(spec).lock, drainMs: 1_000 };
    expect(await takeOut(rotation, { color: "blue", address })).toBe(true);
    expect(await serverModes(thisMachine, rotation, "blue")).toMatchObject([{ mode: "drain" }]);
    await putBack(rotation, { color: "blue", address });
    expect(await serverModes(thisMachine, rotation, "blue")).toMatchObject([{ mode: "ready" }]);
  });
});

/** What clients on connections of their own were answered meanwhile, and how often. */
async function textsDuring(
  port: number,
  work: () => Promise<void>,
): Promise<ReadonlyMap<string, number>> {
  const met = new Map<string, number>();
  const state = { isOver: false };
  const client = async (): Promise<void> => {
    while (!state.isOver) {
      const { text } = await call(port);
      met.set(text, (met.get(text) ?? 0) + 1);
    }
  };
  const clients = [client(), client()];
  await work().finally(() => {
    state.isOver = true;
  });
  await Promise.all(clients);
  return met;
}

async function openOf(router: Started["router"]): Promise<number> {
  const { traffic } = await router.read();
  return traffic.kind === "counted" ? traffic.colors.blue.open : 0;
}

function settingsOf({ spec }: Pick<Started, "spec">, blue: readonly string[]) {
  const { dialect, dir, port, program } = spec;
  const colors = { kind: "servers", blue, green: ["127.0.0.1:2"], install: ["true"] };
  return parseSettings({
    ...{ environment: "dev", application: "shop", platform: "proxy", health: '{"path":"/"}' },
    proxy: JSON.stringify({ dialect, dir, port, program, name: "shop", colors }),
  });
}

function colorsAt(addresses: readonly string[]) {
  const release = { version: "1", digest: "sha256:1" };
  const known = { schema: 1, rolloutId: byHand, size: 2, given: false, spec: null, release };
  return perColor((color): ColorOutputs | null =>
    color === "blue" ? { ...known, color, addresses } : null,
  );
}
