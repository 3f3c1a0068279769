/** `npm start` in front of everybody: the whole demo, its numbers, and how it ends otherwise. */
import { mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { DemoResult } from "../../automation/demo/result.ts";
import { checkoutFolder } from "../../automation/engine/folders.ts";
import { start } from "../support/project/command.ts";
import type { Running } from "../support/project/command.ts";
import { describeOnEngine } from "../support/project/engine.ts";
import { endProcesses, processesOf } from "../support/project/processes.ts";
import { eventually } from "../support/project/waiting.ts";

const limitMs = 400_000;
let scratch = "";

beforeEach(() => {
  scratch = realpathSync(mkdtempSync(join(tmpdir(), "bg-demo-test-")));
});

afterEach(async () => {
  await endProcesses(processesOf(scratch).map(({ pid }) => pid));
  rmSync(scratch, { recursive: true, force: true });
});

function demo(args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  return start({
    file: join(checkoutFolder, "bin", "bluegreen"),
    args: ["demo", ...args],
    cwd: scratch,
    env: { ...process.env, TMPDIR: scratch, ...env },
    limitMs,
  });
}

/** But the folder that all environments of a user put their sockets into. */
function expectNothingLeft(): void {
  expect(processesOf(scratch)).toEqual([]);
  const sockets = `bluegreen-${process.getuid?.() ?? 0}`;
  const left = readdirSync(scratch, { recursive: true, encoding: "utf8" });
  expect(left.filter((name) => name !== sockets)).toEqual([]);
}

describeOnEngine("the demo", () => {
  it(
    "loses no request in any switch or rollback, and leaves nothing behind",
    async () => {
      const run = await demo(["--json"]).done;
      expect(run.stderr).toBe("");
      const result = JSON.parse(run.stdout) as DemoResult;
      expect(result.failure).toBeNull();
      expect(run.code).toBe(0);
      expect(result.steps.map(({ name, commands }) => [name, ...exitCodes(commands)])).toEqual([
        ["project"],
        ["first release", 0],
        ["users arrive"],
        ["rollout of 2", 0],
        ["switch by hand", 0, 0],
        ["old settings file", 0],
        ["rollback", 0],
        ["broken release 3", 3],
        ["broken release 4", 4, 3],
        ["retire", 0],
        ["orders"],
        ["clean-up", 0],
      ]);
      expectNumbers(result);
      expectNothingLeft();
    },
    limitMs,
  );

  it("removes everything when it is interrupted in the middle of a rollout", async () => {
    const running = demo([]);
    await eventually(
      "the rollout of 2 has claimed its color",
      () => (/claim green/.test(running.said()) ? true : null),
      60_000,
    );
    running.signal("SIGINT");
    const { code, output } = await running.done;
    expect(code).toBe(130);
    expect(output).toContain("INTERRUPTED: the demo was stopped, nothing of it is left");
    expectNothingLeft();
  });

  it("fails with the step's name and the logs when the router is killed, and cleans up", async () => {
    const running = demo([]);
    const isRollout = () => (running.said().includes("4/12") ? true : null);
    await eventually("the rollout under load begins", isRollout, 60_000);
    const router = processesOf(scratch).find(({ command }) => command.includes("router-process"));
    await endProcesses(router ? [router.pid] : []);
    const { code, stdout } = await running.done;
    expect(stdout).toContain('The step "A blue-green rollout" isn\'t as promised.');
    expect(stdout).toMatch(/^ {3}expected /m);
    expect(stdout).toContain("shop 1 (blue) listens on");
    expect(code).toBe(1);
    expectNothingLeft();
  });
});

it("says where an engine was looked for, and why it won't do", async () => {
  const { code, stderr, stdout } = await demo([], { BLUEGREEN_ENGINE: "/nowhere/pulumi" }).done;
  expect(code).toBe(2);
  expect(stderr).toContain("ENGINE_MISSING: BLUEGREEN_ENGINE names /nowhere/pulumi");
  expect(stdout).not.toContain("1/12");
  expectNothingLeft();
});

it("refuses a rate that proves nothing", async () => {
  const { code, stderr } = await demo(["--rate", "5"]).done;
  expect(code).toBe(2);
  expect(stderr).toContain("--rate 5");
});

function exitCodes(commands: DemoResult["steps"][number]["commands"]): readonly unknown[] {
  return commands.map(({ exitCode }) => exitCode);
}

function expectNumbers({ steps, moves, total, orders, ratePerSecond }: DemoResult): void {
  expect(ratePerSecond).toBeGreaterThanOrEqual(200);
  expect(moves.failed).toBe(0);
  expect(moves.sent).toBeGreaterThanOrEqual(Math.min(20_000, 60 * ratePerSecond));
  expect(total.failed).toBe(0);
  const underLoad = steps.flatMap(({ traffic }) => (traffic ? [traffic] : []));
  expect(underLoad).toHaveLength(8);
  for (const { failed, socketFailures } of underLoad)
    expect([failed, socketFailures]).toEqual([0, 0]);
  const bad = steps.find(({ name }) => name === "broken release 4")?.traffic;
  expect(bad?.brokenRelease).toBeGreaterThan(0);
  expect(bad?.brokenRelease).toBe(total.brokenRelease);
  expect(bad?.backAfter?.switchMs).toBeLessThan(20_000);
  expect(total.reconnects).toBeGreaterThanOrEqual(5);
  expect(orders?.acknowledged).toBeGreaterThan(total.sent / 10);
  expect(orders).toMatchObject({ once: orders?.acknowledged, missing: [], repeated: [] });
}
