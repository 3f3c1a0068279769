/** Hooks that are programs: what they see, and what becomes of those that misbehave. */

import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { runHooks } from "../../../automation/hooks/runner.ts";
import { opaqueSecret } from "../../../infra/config.ts";
import type { Hook } from "../../../infra/config.ts";
import { startOf } from "../../../infra/process-identity.ts";
import { dueAt, sceneOf, scriptHook } from "./scene.ts";

const folder = mkdtempSync(join(tmpdir(), "bluegreen-hook-"));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function run(hooks: readonly Hook[], over: Parameters<typeof sceneOf>[0] = {}) {
  return runHooks(hooks, dueAt("POST_SCALE_UP"), sceneOf(over));
}

test("a hook that ends with exit code 0 lets the rollout go on", async () => {
  const { findings, end } = await run([scriptHook("console.log('taken')")]);
  expect(end).toEqual({ kind: "done" });
  expect(findings).toMatchObject([
    { verdict: "pass", evidence: "taken\n[ended with exit code 0]" },
  ]);
});

test("it is told of the rollout, and of our environment only what it needs", async () => {
  const script = "console.log(JSON.stringify({ ...process.env, argument: process.argv[1] }))";
  const hook = scriptHook(script, { env: { LEVEL: "deep" } });
  const argv = [...(hook.argv ?? []), "{color} {version}"];
  const env = { PATH: process.env["PATH"], PULUMI_CONFIG_PASSPHRASE: "hunter2" };
  const { findings } = await run([{ ...hook, argv }], { env });
  const seen = JSON.parse(findings[0]?.evidence.split("\n")[0] ?? "") as Record<string, string>;
  expect(seen).toMatchObject({
    LEVEL: "deep",
    argument: "green 2",
    BLUEGREEN_STAGE: "POST_SCALE_UP",
    BLUEGREEN_ROLLOUT: "r-2",
    BLUEGREEN_COLOR: "green",
    BLUEGREEN_FORMER: "blue",
    BLUEGREEN_VERSION: "2",
    BLUEGREEN_DIGEST: "sha-2",
    BLUEGREEN_ADDRESSES: "127.0.0.1:1",
    BLUEGREEN_URL: "http://127.0.0.1:3",
    BLUEGREEN_PREVIEW: "x-bluegreen-preview: green",
    BLUEGREEN_ENVIRONMENT: "dev",
    BLUEGREEN_APPLICATION: "shop",
  });
  expect(seen).not.toHaveProperty("PULUMI_CONFIG_PASSPHRASE");
});

describe("several hooks", () => {
  const refuses = scriptHook("console.error('no space'); process.exit(4)");

  test("run in their order, only those of the stage, and none after a refusal", async () => {
    const other = scriptHook("process.exit(1)", { stage: "POST_BAKE" });
    const hooks = [other, scriptHook("console.log(1)"), refuses, scriptHook("console.log(3)")];
    const { findings, end } = await run(hooks);
    expect(findings.map(({ verdict }) => verdict)).toEqual(["pass", "fail"]);
    expect(findings[1]?.evidence).toBe("no space\n[ended with exit code 4]");
    expect(end.kind === "refused" && end.sentence).toMatch(
      /^the hook of POST_SCALE_UP refused: ".*" ended with exit code 4$/,
    );
  });

  test("all run where a refusal is only told", async () => {
    const { findings, end } = await run([
      { ...refuses, onFailure: "continue" },
      scriptHook("console.log(2)"),
    ]);
    expect(end).toEqual({ kind: "done" });
    expect(findings.map(({ verdict }) => verdict)).toEqual(["fail", "pass"]);
    expect(findings[0]?.sentence).toContain("ended with exit code 4; this is only told");
  });

  test("after a clean-up are only told of, whatever they say", async () => {
    const hook = { ...refuses, stage: "POST_CLEAN_UP" } as const;
    const { findings, end } = await runHooks([hook], dueAt("POST_CLEAN_UP"), sceneOf());
    expect([end.kind, findings[0]?.verdict]).toEqual(["done", "fail"]);
  });
});

describe("a hook that misbehaves", () => {
  test("is ended with everything that it started once its time is over", async () => {
    const pidFile = join(folder, "grandchild.pid");
    const script = `
      const { spawn } = require("node:child_process");
      const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
      require("node:fs").writeFileSync(${JSON.stringify(pidFile)}, String(child.pid));
      process.on("SIGTERM", () => {});
      setInterval(() => {}, 1000);`;
    const { findings, end } = await run([scriptHook(script, { timeoutMs: 1_000 })]);
    expect(end.kind).toBe("refused");
    expect(findings[0]?.sentence).toContain("didn't end within 1s and was stopped");
    const pid = Number(readFileSync(pidFile, "utf8"));
    await vi.waitFor(() => {
      expect(startOf(pid)).toBeNull();
    });
  });

  test("may spam and print garbage: the end of it is kept, safe to print", async () => {
    const garbage = `process.stdout.write(Buffer.from([255, 0, 27])); process.stdout.write("\\u001b[2J")`;
    const script = `process.stdout.write("x".repeat(1e6)); ${garbage}; process.exitCode = 1`;
    const { findings } = await run([scriptHook(script)]);
    const { evidence = "" } = findings[0] ?? {};
    expect(evidence).toContain("\\u001b[2J");
    expect(evidence).not.toContain("\u001b");
    expect(evidence.length).toBeLessThan(8_400);
  });

  test("isn't waited for when it leaves a process behind with its output open", async () => {
    const script = `
      const options = { stdio: "inherit" };
      require("node:child_process").spawn("sleep", ["20"], options).unref();`;
    const started = Date.now();
    const { end } = await run([scriptHook(script, { timeoutMs: 15_000 })]);
    expect(end.kind).toBe("done");
    expect(Date.now() - started).toBeLessThan(10_000);
  });

  test("refuses when it isn't there", async () => {
    const { end } = await run([scriptHook("", { argv: ["no-such-program-here"] })]);
    expect(end.kind === "refused" && end.sentence).toContain("couldn't be started");
  });

  test("runs again as often as it is told to", async () => {
    const counter = join(folder, "runs");
    const script = `
      const { appendFileSync, readFileSync } = require("node:fs");
      appendFileSync(${JSON.stringify(counter)}, "x");
      process.exit(readFileSync(${JSON.stringify(counter)}, "utf8").length < 3 ? 1 : 0);`;
    expect((await run([scriptHook(script, { retries: 2 })])).end.kind).toBe("done");
    expect(readFileSync(counter, "utf8")).toBe("xxx");
  });
});

test("values of its own variables are hidden in what is shown of it", async () => {
  const env = { TOKEN: "s3cr3t-t0ken" };
  const { findings } = await run([scriptHook("console.log(process.env.TOKEN)", { env })]);
  expect(findings[0]?.evidence).toBe("***\n[ended with exit code 0]");
});

test("refuses without being run where its secret can't be read", async () => {
  const mark = join(folder, "was-run");
  const script = `require("node:fs").writeFileSync(${JSON.stringify(mark)}, "")`;
  const { end } = await run([scriptHook(script, { env: { TOKEN: opaqueSecret } })]);
  expect(end.kind === "refused" && end.sentence).toContain("secret values can't be read here");
  expect(existsSync(mark)).toBe(false);
});

test("Ctrl-C ends it, is no refusal, and keeps the next one from being run", async () => {
  const pidFile = join(folder, "interrupted.pid");
  const script = `
    require("node:fs").writeFileSync(${JSON.stringify(pidFile)}, String(process.pid));
    setInterval(() => {}, 1000);`;
  const stop = new AbortController();
  const running = run([scriptHook(script), scriptHook("")], { signal: stop.signal });
  await vi.waitFor(() => {
    expect(existsSync(pidFile) && readFileSync(pidFile, "utf8")).toMatch(/\d/);
  }, 4_000);
  stop.abort();
  const { findings, end } = await running;
  expect([findings.length, end.kind]).toEqual([1, "interrupted"]);
  expect(startOf(Number(readFileSync(pidFile, "utf8")))).toBeNull();
});
