/** Programs of migration steps that behave, hang, spam, fork, fail, or can't be started. */

import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { runStep } from "../../../automation/migrations/step-program.ts";
import type { StepSubject } from "../../../automation/migrations/step-program.ts";

const folder = mkdtempSync(join(tmpdir(), "bluegreen-step-"));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const subject: StepSubject = {
  environment: "dev",
  step: { kind: "expand", to: 2 },
  schema: 1,
  version: "1.2",
  color: "green",
  rolloutId: "r-7",
};

interface Given {
  readonly env?: Record<string, string>;
  readonly timeoutMs?: number;
  readonly argv?: readonly string[];
  readonly outer?: NodeJS.ProcessEnv;
}

function run(script: string, { env = {}, timeoutMs = 10_000, argv, outer }: Given = {}) {
  const words = argv ?? [process.execPath, "-e", script, "{version}", "{to}"];
  const program = { argv: words, env, timeoutMs };
  return runStep({ program, subject, cwd: folder, env: outer ?? process.env });
}

test("passes with exit code 0, knows its step, and sees of our environment only what it needs", async () => {
  const script = "console.log(JSON.stringify([process.argv.slice(1), process.env]))";
  const outer = { PATH: process.env["PATH"], PULUMI_CONFIG_PASSPHRASE: "hunter2" };
  const { verdict, evidence } = await run(script, { env: { PGHOST: "db" }, outer });
  expect(verdict).toBe("pass");
  const [words, env] = JSON.parse(evidence.split("\n")[0] ?? "") as [string[], object];
  expect(words).toEqual(["1.2", "2"]);
  expect(env).toMatchObject({
    PGHOST: "db",
    BLUEGREEN_ENVIRONMENT: "dev",
    BLUEGREEN_STEP: "expand",
    BLUEGREEN_SCHEMA: "1",
    BLUEGREEN_SCHEMA_TO: "2",
    BLUEGREEN_VERSION: "1.2",
    BLUEGREEN_COLOR: "green",
    BLUEGREEN_ROLLOUT: "r-7",
  });
  expect(env).not.toHaveProperty("PULUMI_CONFIG_PASSPHRASE");
});

test("fails with any other exit code, and shows what it said without its secrets", async () => {
  const script = "console.error('no role for', process.env.DATABASE_URL); process.exit(3)";
  const outcome = await run(script, { env: { DATABASE_URL: "postgres://s3cr3t@db/shop" } });
  expect(outcome).toMatchObject({
    verdict: "fail",
    sentence: expect.stringMatching(/ended with exit code 3$/) as string,
  });
  expect(outcome.evidence).toBe("no role for ***\n[ended with exit code 3]");
});

test("keeps the end of what one says that doesn't stop talking", async () => {
  const script = "for (let i = 0; i < 20000; i++) console.log('line', i); process.exitCode = 1";
  const { verdict, evidence } = await run(script);
  expect(verdict).toBe("fail");
  expect(evidence).toContain("line 19999\n");
  expect(evidence.length).toBeLessThan(9_000);
});

test("stops one that hangs at its timeout, with all that it started", async () => {
  const file = join(folder, "alive");
  const beat = `setInterval(() => require("fs").writeFileSync(${JSON.stringify(file)}, String(Date.now())), 20)`;
  const script = `process.on("SIGTERM", () => {});
    require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(beat)}]);
    setInterval(() => {}, 1000)`;
  const outcome = await run(script, { timeoutMs: 1_500 });
  expect(outcome).toMatchObject({
    verdict: "fail",
    sentence: expect.stringMatching(/didn't end within 1s500ms/) as string,
  });
  expect(existsSync(file)).toBe(true);
  const last = readFileSync(file, "utf8");
  await sleep(200);
  expect(readFileSync(file, "utf8")).toBe(last);
});

test("says so where it can't be started", async () => {
  const outcome = await run("", { argv: ["./no-such-program"] });
  expect(outcome).toMatchObject({
    verdict: "error",
    sentence: expect.stringMatching(/couldn't be started/) as string,
  });
});

test("hands over no shell", async () => {
  const { evidence } = await run("", { argv: ["echo", "$HOME; `id` {to}"] });
  expect(evidence).toMatch(/^\$HOME; `id` 2\n/);
});
