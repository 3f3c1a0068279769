/** Filling a color with real processes: sizes, releases, health, and what is said of failures. */

import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";

import { describe, expect, test, vi } from "vitest";

import { BlueGreenError } from "../../../infra/errors.ts";
import {
  askColor,
  ensureColor,
  resumeColor,
  stopColor,
} from "../../../infra/platforms/local/supervisor/client.ts";
import type { ColorSpec, ColorStatus } from "../../../infra/platforms/local/supervisor/client.ts";
import { colorFolder } from "../../../infra/platforms/local/supervisor/color-folder.ts";
import { markerName } from "../../../infra/platforms/local/supervisor/process-table.ts";
import { currentHolder } from "../../../infra/platforms/local/supervisor/supervisor-lock.ts";
import {
  colorDir,
  fetchText,
  isRunning,
  server,
  specOf,
  supervisorPid,
  textOf,
  waitFor,
} from "./color-fixture.ts";

const answering = (reply: string) => `
  import { createServer } from "node:http";
  createServer((request, response) => { ${reply} }).listen(Number(process.env.PORT), "127.0.0.1");
`;

function pids(status: ColorStatus): (number | null)[] {
  return status.instances.map((instance) => instance.pid);
}

async function failureOf(promise: Promise<unknown>): Promise<BlueGreenError> {
  try {
    await promise;
  } catch (error) {
    expect(error).toBeInstanceOf(BlueGreenError);
    return error as BlueGreenError;
  }
  return expect.fail("it didn't fail");
}

test("a supervisor keeps what Node compiled for the next one; instances hear nothing of it", async () => {
  const dir = colorDir();
  const cache = join(dir, "..", "compiled");
  vi.stubEnv("NODE_COMPILE_CACHE", cache);
  try {
    const { instances } = await ensureColor(dir, specOf(server));
    const { address } = instances[0] ?? expect.fail("no instance");
    expect(readdirSync(cache, { recursive: true }).length).toBeGreaterThan(10);
    expect(await fetchText(address, "/env")).not.toContain("NODE_COMPILE_CACHE");
  } finally {
    vi.unstubAllEnvs();
  }
});

describe("a color's instances", () => {
  test("serve, with what they need in command and environment, and little else", async () => {
    process.env["BLUEGREEN_TEST_SECRET"] = "of the caller";
    const dir = colorDir();
    const spec = specOf(server, { instances: 2, env: { NAME: "web-{instance}", TOKEN: "s3" } });
    try {
      const status = await ensureColor(dir, spec);
      expect(status).toMatchObject({ ready: 2, total: 2, crashLoop: false, version: "1" });
      const { address } = status.instances[1] ?? expect.fail("no second instance");
      const env = JSON.parse((await fetchText(address, "/env")) ?? "") as Record<string, string>;
      expect(env).toMatchObject({ NAME: "web-1", TOKEN: "s3", COLOR: "blue", INSTANCE: "1" });
      expect(`${env["HOST"] ?? ""}:${env["PORT"] ?? ""}`).toBe(address);
      expect(env).not.toHaveProperty("BLUEGREEN_TEST_SECRET");
    } finally {
      delete process.env["BLUEGREEN_TEST_SECRET"];
    }
  });

  test("run with the user's PATH and umask, and none of our variables", async () => {
    const own = process.env["PATH"] ?? "";
    vi.stubEnv("PATH", `/ours:/engine:${own}`);
    vi.stubEnv("BLUEGREEN_ADDED_PATH", "/ours:/engine");
    vi.stubEnv("PULUMI_BACKEND_URL", "file:///state");
    try {
      const spec = specOf(`process.env.UMASK = process.umask().toString(8);${server}`);
      const { instances } = await ensureColor(colorDir(), spec);
      const { address } = instances[0] ?? expect.fail("no instance");
      const env = JSON.parse((await fetchText(address, "/env")) ?? "") as Record<string, string>;
      expect(env["PATH"]).toBe(own);
      const umask = execFileSync("sh", ["-c", "umask"], { encoding: "utf8" });
      expect(env["UMASK"]).toBe(Number.parseInt(umask, 8).toString(8));
      const ours = Object.keys(env).filter((name) => /^(BLUEGREEN|PULUMI)_/.test(name));
      expect(ours).toEqual([markerName]);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test("are left alone when the color grows, and by the same spec again", async () => {
    const dir = colorDir();
    const spec = specOf(server);
    const one = await ensureColor(dir, spec);
    const three = await ensureColor(dir, { ...spec, instances: 3 });
    expect(pids(three)).toHaveLength(3);
    expect(pids(three)[0]).toBe(pids(one)[0]);
    expect(await ensureColor(dir, { ...spec, instances: 3, rolloutId: "r2" })).toEqual({
      ...three,
      rolloutId: "r2",
    });
  });

  test("are drained, the last ones first, when it shrinks", async () => {
    const dir = colorDir();
    const draining = `${server}
      process.on("SIGTERM", () => { console.log("draining"); setTimeout(() => process.exit(0), 300); });`;
    const spec = specOf(draining, { instances: 2 });
    const two = await ensureColor(dir, spec);
    const seen: number[] = [];
    const onProgress = (status: ColorStatus) => seen.push(status.instances.length);
    const one = await ensureColor(dir, { ...spec, instances: 1 }, { onProgress });
    expect(pids(one)).toEqual([pids(two)[0]]);
    expect([seen[0], seen.at(-1)]).toEqual([2, 1]);
    expect(isRunning(Number(pids(two)[1]))).toBe(false);
    expect(textOf(join(dir, "logs/1.log"))).toMatch(/draining/);
  });

  test("are all replaced by another release, on the same addresses", async () => {
    const dir = colorDir();
    const first = await ensureColor(dir, specOf(server, { instances: 2 }));
    const other = specOf(server, { instances: 2, version: "2", digest: "sha256:2" });
    const second = await ensureColor(dir, other);
    for (const pid of pids(first)) expect(isRunning(Number(pid))).toBe(false);
    expect(second.instances.map((instance) => instance.address)).toEqual(
      first.instances.map((instance) => instance.address),
    );
    expect(await fetchText(second.instances[0]?.address ?? "", "/")).toBe("ok 2");
  });

  test("may be of any language", async ({ skip }) => {
    try {
      execFileSync("python3", ["-c", "import http.server"], { stdio: "ignore" });
    } catch {
      skip("python3 isn't installed");
    }
    const command = ["python3", "-m", "http.server", "{port}", "--bind", "127.0.0.1"];
    const health = { path: "/app.mjs", statuses: [200], timeoutMs: 2000, intervalMs: 200 };
    const status = await ensureColor(colorDir(), specOf("// {port}", { command, health }));
    expect(await fetchText(status.instances[0]?.address ?? "", "/app.mjs")).toBe("// {port}");
  });
});

describe("a color that can't become ready", () => {
  test("reports a crash loop at once, with the end of the log", async () => {
    const dir = colorDir();
    const bad = specOf(`console.error("no database\\nconfigured"); process.exit(7);`);
    const error = await failureOf(ensureColor(dir, bad));
    expect(error.code).toBe("PROVISION_FAILED");
    expect(error.message).toMatch(/instance 0 is in a crash loop.*[34] times.*exit code 7/);
    expect(error.details.slice(-2)).toEqual(["no database", "configured"]);
    expect(await askColor(dir)).toMatchObject({ crashLoop: true, ready: 0 });

    const good = specOf(server, { version: "2", digest: "sha256:2" });
    expect(await ensureColor(dir, good)).toMatchObject({ ready: 1, crashLoop: false });
    expect(textOf(join(dir, "logs/0.log"))).not.toMatch(/no database/);
  });

  test.each([
    ["a redirect", `response.writeHead(302, { location: "/login" }).end()`, "answered 302"],
    ["an error", `response.writeHead(503).end()`, "answered 503"],
    ["silence", ``, "didn't answer within 200 ms"],
    [
      "half an answer",
      `response.writeHead(200, { "content-length": 9 }).write("half", () => response.destroy())`,
      "answered 200 and broke off",
    ],
  ])("reports the last health answer: %s", async (_name, reply, seen) => {
    const dir = colorDir();
    const health = { path: "/up", statuses: [200], timeoutMs: 200, intervalMs: 50 };
    const error = await failureOf(
      ensureColor(dir, specOf(answering(reply), { health, startMs: 1000 })),
    );
    expect(error.code).toBe("PROVISION_FAILED");
    expect(error.message).toContain("isn't healthy within 1000 ms: GET /up");
    expect(error.message).toContain(seen);
    expect(await askColor(dir)).toMatchObject({
      crashLoop: false,
      instances: [{ state: "starting", problem: expect.stringContaining(seen) as string }],
    });
  });

  test("reports that nothing listens on the port it was given", async () => {
    const deaf = specOf(`setInterval(() => undefined, 1000)`, { startMs: 500 });
    const error = await failureOf(ensureColor(colorDir(), deaf));
    expect(error.message).toContain("nothing listens on the port");
    expect(error.hint).toContain("wrote nothing");
  });

  test.each<[string, (spec: ColorSpec) => ColorSpec, RegExp]>([
    [
      "a missing program",
      (spec) => ({ ...spec, command: ["no-such-program"] }),
      /local\.command: "no-such-program" wasn't found/,
    ],
    [
      "a file that isn't executable",
      (spec) => ({ ...spec, command: ["./app.mjs"] }),
      /local\.command: "\.\/app\.mjs" isn't executable/,
    ],
    [
      "a missing folder",
      (spec) => ({ ...spec, releaseDir: "/no/such/folder" }),
      /local\.command: .* the release's folder \/no\/such\/folder is missing/,
    ],
  ])("names the setting for %s", async (_name, change, message) => {
    const error = await failureOf(ensureColor(colorDir(), change(specOf(server))));
    expect(error.code).toBe("PROVISION_FAILED");
    expect(error.message).toMatch(message);
  });

  test("takes a program of the release's own folder", async () => {
    const spec = specOf(server, { command: ["./run"] });
    writeFileSync(join(spec.releaseDir, "run"), `#!/bin/sh\nexec "${process.execPath}" app.mjs\n`);
    chmodSync(join(spec.releaseDir, "run"), 0o755);
    expect(await ensureColor(colorDir(), spec)).toMatchObject({ ready: 1 });
  });

  test("stops waiting when it is interrupted", async () => {
    const deaf = specOf(`setInterval(() => undefined, 1000)`);
    const signal = AbortSignal.timeout(700);
    const error = await failureOf(ensureColor(colorDir(), deaf, { signal }));
    expect(error.code).toBe("INTERRUPTED");
  });
});

test("a health answer of ten megabytes counts by its status", async () => {
  const page = answering(`response.end("<html>" + "x".repeat(10_000_000))`);
  expect(await ensureColor(colorDir(), specOf(page))).toMatchObject({ ready: 1 });
});

test("two clients at the same time get one supervisor", async () => {
  const dir = colorDir();
  const spec = specOf(server, { instances: 2 });
  const statuses = await Promise.all([1, 2, 3].map(() => ensureColor(dir, spec)));
  const seen = new Set(statuses.map((status) => JSON.stringify(pids(status))));
  expect(seen.size).toBe(1);
  const holder = supervisorPid(dir);
  expect(textOf(join(dir, "supervisor.log")).match(/ supervises /g)).toHaveLength(1);
  await ensureColor(dir, spec);
  expect(supervisorPid(dir)).toBe(holder);
});

test("of two releases at the same time one wins, and the other client is told", async () => {
  const dir = colorDir();
  const slow = specOf(`setTimeout(() => import("./later.mjs"), 1500)`);
  writeFileSync(join(slow.releaseDir, "later.mjs"), server);
  const end = new AbortController();
  let seen = 0;
  const options = { signal: end.signal, onProgress: () => (seen += 1) };
  const first = failureOf(ensureColor(dir, slow, options));
  try {
    await waitFor(
      () => seen,
      (times) => times > 0,
    );
    const second = await ensureColor(dir, specOf(server, { version: "2", digest: "sha256:2" }));
    expect(second).toMatchObject({ version: "2", ready: 1 });
    expect((await first).code).toBe("CLAIMED");
  } finally {
    end.abort();
    await first;
  }
});

test("only the owner can read the spec, the logs and the socket", async () => {
  const dir = colorDir();
  await ensureColor(dir, specOf(server, { env: { PASSWORD: "hunter2" } }));
  const folder = colorFolder(dir);
  const modes = [dir, folder.spec, folder.ledger, folder.socket, join(dir, "logs/0.log")].map(
    (path) => statSync(path).mode & 0o077,
  );
  expect(modes).toEqual([0, 0, 0, 0, 0]);
  expect(textOf(folder.supervisorLog)).not.toContain("hunter2");
});

test("a folder with a long path gets its socket elsewhere", async () => {
  const dir = colorDir(join("x".repeat(60), "y".repeat(60)));
  mkdirSync(dir, { recursive: true });
  expect(await ensureColor(dir, specOf(server))).toMatchObject({ ready: 1 });
  expect(currentHolder(colorFolder(dir))?.socket?.startsWith(dir)).toBe(false);
  expect(await askColor(dir)).toMatchObject({ ready: 1 });
});

test("stopping ends instances and supervisor, keeps the logs, and leaves nothing to resume", async () => {
  const dir = colorDir();
  const status = await ensureColor(dir, specOf(server, { instances: 2 }));
  const supervisor = supervisorPid(dir);
  await stopColor(dir, { drainMs: 1000 });
  for (const pid of [supervisor, ...pids(status)]) expect(isRunning(Number(pid))).toBe(false);
  expect(await askColor(dir)).toBeNull();
  expect(existsSync(join(dir, "spec.json"))).toBe(false);
  expect(textOf(join(dir, "logs/0.log"))).toMatch(/listening/);
  await stopColor(dir, { drainMs: 1000 });
  expect((await failureOf(resumeColor(dir))).code).toBe("COLOR_EMPTY");
  expect(await ensureColor(dir, specOf(server))).toMatchObject({ ready: 1 });
});

test("asking or stopping a color that never was does nothing", async () => {
  const dir = colorDir();
  expect(await askColor(dir)).toBeNull();
  await stopColor(dir, { drainMs: 0 });
  expect(existsSync(dir)).toBe(false);
});
