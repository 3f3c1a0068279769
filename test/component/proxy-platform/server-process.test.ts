/** Finding the server's process by its pid file and its command line. */

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { afterEach, expect, test, vi } from "vitest";
import { accessOf } from "../../../infra/platforms/proxy/access.ts";
import type { Host, Ran } from "../../../infra/platforms/proxy/host.ts";
import { thisMachine } from "../../../infra/platforms/proxy/hosts/this-machine.ts";
import { ProxyRouter } from "../../../infra/platforms/proxy/router.ts";
import { serverPid } from "../../../infra/platforms/proxy/server-process.ts";
import { filesOf } from "../../../infra/platforms/proxy/spec.ts";
import {
  call,
  describeDialects,
  kill,
  masterPid,
  onEnd,
  routesTo,
  specOf,
  startColors,
  startedRouter,
} from "./support.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

/** A process with these words at the end of its command line, named by the pid file. */
async function running(words: (config: string) => readonly string[]) {
  const spec = await specOf("haproxy");
  const { pid: file, config } = filesOf(spec);
  const script = "setInterval(() => {}, 1000)";
  const child = spawn(process.execPath, ["-e", script, "--", ...words(config)], {
    stdio: "ignore",
  });
  const { pid = 0 } = child;
  onEnd(() => {
    kill(pid, "SIGKILL");
  });
  mkdirSync(spec.dir, { recursive: true });
  writeFileSync(file, String(pid));
  return { pid, access: accessOf(spec, thisMachine) };
}

test("the server is found however narrow the terminal is said to be", async () => {
  vi.stubEnv("COLUMNS", "40");
  const { pid, access } = await running((config) => ["-f", config]);
  expect(await serverPid(access)).toBe(pid);
});

test("another process with the server's former number isn't taken for it", async () => {
  const { access } = await running(() => ["-f", "/elsewhere/haproxy.cfg"]);
  expect(await serverPid(access)).toBeNull();
});

/** As on a system that has no files for processes; `ps`: what it answers there. */
function withoutProc(ps: (...run: Parameters<Host["run"]>) => Promise<Ran>): Host {
  return {
    ...thisMachine,
    read: (path) => (path.startsWith("/proc/") ? Promise.resolve(null) : thisMachine.read(path)),
    run: (argv, options) => (argv[0] === "ps" ? ps(argv, options) : thisMachine.run(argv, options)),
  };
}

const noPs = (): Promise<Ran> =>
  Promise.resolve({ code: 127, stdout: "", stderr: "spawn ps ENOENT", timedOut: false });

test("without files for processes they are told by ps, a narrow terminal's too", async () => {
  vi.stubEnv("COLUMNS", "40");
  const { pid, access } = await running((config) => ["-f", config]);
  const host = withoutProc((argv, options) => thisMachine.run(argv, options));
  expect(await serverPid({ ...access, host })).toBe(pid);
  kill(pid, "SIGKILL");
  await expect.poll(() => serverPid({ ...access, host })).toBeNull();
  await expect.poll(() => serverPid(access)).toBeNull();
});

test("where nobody can tell what a process is, nothing is guessed", async () => {
  const { access } = await running((config) => ["-f", config]);
  const unable = [noPs, refusing].map((ps) => ({ ...access, host: withoutProc(ps) }));
  for (const each of unable) {
    await expect(serverPid(each)).rejects.toMatchObject({
      code: "ROUTER_DOWN",
      message: expect.stringMatching(/can't tell what process \d+ is: (spawn|ps:)/) as string,
    });
  }
});

/** As a small system's \`ps\` does. */
const refusing = (): Promise<Ran> => {
  const stderr = "ps: invalid option -- 'w'\nUsage: ps";
  return Promise.resolve({ code: 1, stdout: "", stderr, timedOut: false });
};

describeDialects("a server whose process can't be found or ended", (dialect) => {
  async function onBlue() {
    const started = await startedRouter(dialect);
    await expect.poll(() => masterPid(started.spec)).toBeGreaterThan(1);
    const first = masterPid(started.spec) ?? expect.fail("it has no process");
    onEnd(() => {
      kill(first, "SIGTERM");
    });
    const { blue, green } = await startColors();
    await started.router.setRoutes(routesTo("blue", { blue: [blue.address] }));
    return { ...started, green, pid: first };
  }

  test("isn't taken for stopped, and keeps its files", async () => {
    const { router, spec, port, pid } = await onBlue();
    for (const { host, spoil } of [
      { host: withoutProc(noPs), spoil: () => undefined },
      {
        host: thisMachine,
        spoil: () => {
          rmSync(filesOf(spec).pid);
        },
      },
    ]) {
      spoil();
      const stop = new ProxyRouter(spec, host).stop();
      await expect(stop).rejects.toMatchObject({ code: "ROUTER_DOWN" });
      expect(existsSync(filesOf(spec).config)).toBe(true);
      expect((await call(port)).text).toBe("blue");
    }
    writeFileSync(filesOf(spec).pid, String(pid));
    await router.stop();
    await expect(call(port)).rejects.toThrow(/ECONNREFUSED/);
  });

  test("is told at once when it is to be reloaded", async () => {
    const { router, spec, green, port } = await onBlue();
    rmSync(filesOf(spec).pid);
    const began = Date.now();
    const routes = routesTo("green", { green: [green.address] });
    await expect(router.setRoutes(routes)).rejects.toMatchObject({
      code: "ROUTER_DOWN",
      message: expect.stringContaining("can't be signalled") as string,
    });
    expect(Date.now() - began).toBeLessThan(5_000);
    expect((await call(port)).text).toBe("blue");
  });

  test("isn't taken for signalled when it may not be", async () => {
    const { spec } = await onBlue();
    const host: Host = {
      ...thisMachine,
      run: (argv, options) =>
        argv.some((word) => word.startsWith("kill "))
          ? thisMachine.run(["sh", "-c", "echo not permitted >&2; exit 1"], options)
          : thisMachine.run(argv, options),
    };
    await expect(new ProxyRouter(spec, host).stop()).rejects.toMatchObject({
      code: "ROUTER_DOWN",
      message: expect.stringMatching(/can't be signalled: not permitted/) as string,
    });
  });
});
