import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { runChecks } from "../../../automation/checks/runner.ts";
import type { CheckSubject } from "../../../automation/checks/runner.ts";
import { opaqueSecret } from "../../../infra/config.ts";
import type { CheckOf } from "../../../infra/config.ts";
import { startOf } from "../../../infra/process-identity.ts";
import { scriptCheck, subject } from "./subject.ts";

const folder = mkdtempSync(join(tmpdir(), "bluegreen-check-"));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function only(check: CheckOf<"command">, over: Partial<CheckSubject> = {}) {
  const [finding] = await runChecks([check], subject(over));
  return finding;
}

test("passes on exit code 0 and keeps what the program wrote", async () => {
  const finding = await only(scriptCheck(`console.log("1 ok"); console.error("2 ok")`));
  expect(finding).toMatchObject({ verdict: "pass", kind: "command", attempts: 1 });
  expect(finding?.evidence).toContain("1 ok\n");
  expect(finding?.evidence).toContain("2 ok\n");
});

test("fails on any other exit code, with the code in its evidence, without trying again", async () => {
  const finding = await only(scriptCheck("process.exit(3)"));
  expect(finding).toMatchObject({ verdict: "fail", attempts: 1 });
  expect(finding?.sentence).toContain("ended with exit code 3");
  expect(finding?.evidence).toBe("[ended with exit code 3]");
});

test("hands over no shell", async () => {
  const argv = [process.execPath, "-p", "process.argv[1]", "$HOME; `id`"];
  const finding = await only(scriptCheck("", { argv }));
  expect(finding?.evidence).toBe("$HOME; `id`\n[ended with exit code 0]");
});

test("shows the program the color, and of our environment only what it needs", async () => {
  const finding = await only(
    scriptCheck("console.log(JSON.stringify(process.env))", { env: { LEVEL: "deep" } }),
    {
      addresses: ["127.0.0.1:1", "127.0.0.1:2"],
      url: "http://127.0.0.1:3",
      env: { PATH: process.env["PATH"], PULUMI_CONFIG_PASSPHRASE: "hunter2" },
    },
  );
  // The operating system may add variables of its own.
  const seen = JSON.parse(finding?.evidence.split("\n")[0] ?? "") as Record<string, string>;
  expect(seen).toMatchObject({
    PATH: process.env["PATH"],
    LEVEL: "deep",
    BLUEGREEN_COLOR: "green",
    BLUEGREEN_VERSION: "2",
    BLUEGREEN_ADDRESSES: "127.0.0.1:1,127.0.0.1:2",
    BLUEGREEN_URL: "http://127.0.0.1:3",
    BLUEGREEN_PREVIEW: "x-bluegreen-preview: green",
  });
  expect(seen).not.toHaveProperty("PULUMI_CONFIG_PASSPHRASE");
});

test("hides the values of the check's own variables in its output", async () => {
  const check = scriptCheck("console.log('token is', process.env.TOKEN)", {
    env: { TOKEN: "s3cr3t-t0ken" },
  });
  expect((await only(check))?.evidence).toContain("token is ***\n");
});

test("hides each line of such a value", async () => {
  const check = scriptCheck("console.log('at', process.env.KEY.split('\\n')[1], 'in it')", {
    env: { KEY: "-----BEGIN-----\nMIIEvQIBADANBg\n" },
  });
  expect((await only(check))?.evidence).toContain("at *** in it\n");
});

test("gives the program the user's PATH, without what was put before it", async () => {
  const own = process.env["PATH"] ?? "";
  const env = { PATH: `/ours:/engine:${own}`, BLUEGREEN_ADDED_PATH: "/ours:/engine" };
  const finding = await only(scriptCheck("console.log(process.env.PATH)"), { env });
  expect(finding?.evidence).toContain(`${own}\n`);
});

test("keeps the last 8 KB of the output, made safe to print", async () => {
  const finding = await only(
    scriptCheck(`process.stdout.write("x".repeat(1e6)); process.stdout.write("\\u001b[2Jend")`),
  );
  expect(finding?.evidence.endsWith("\\u001b[2Jend\n[ended with exit code 0]")).toBe(true);
  expect(finding?.evidence.length).toBeGreaterThan(8_000);
  expect(finding?.evidence.length).toBeLessThan(8_300);
});

test("ends the program and everything it started when its time is over", async () => {
  const pidFile = join(folder, "grandchild.pid");
  const script = `
    const { spawn } = require("node:child_process");
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    require("node:fs").writeFileSync(${JSON.stringify(pidFile)}, String(child.pid));
    process.on("SIGTERM", () => {});
    setInterval(() => {}, 1000);`;
  const finding = await only(scriptCheck(script, { timeoutMs: 1_000 }));
  expect(finding?.verdict).toBe("fail");
  expect(finding?.sentence).toContain("didn't end within 1s and was stopped");
  const pid = Number(readFileSync(pidFile, "utf8"));
  await vi.waitFor(() => {
    expect(startOf(pid)).toBeNull();
  });
});

test("doesn't wait for a process that the program left behind with its output open", async () => {
  const script = `
    const options = { stdio: "inherit" };
    require("node:child_process").spawn("sleep", ["20"], options).unref();
    console.log("done");`;
  const finding = await only(scriptCheck(script, { timeoutMs: 15_000 }));
  expect(finding).toMatchObject({ verdict: "pass", evidence: "done\n[ended with exit code 0]" });
  expect(finding?.ms).toBeLessThan(10_000);
});

test("is an error when the program isn't there or is killed", async () => {
  const missing = await only(scriptCheck("", { argv: ["no-such-program-here"] }));
  expect(missing).toMatchObject({ verdict: "error", attempts: 1 });
  expect(missing?.sentence).toContain("couldn't be started");
  const killed = await only(scriptCheck("process.kill(process.pid, 'SIGKILL')"));
  expect(killed).toMatchObject({ verdict: "error" });
  expect(killed?.sentence).toContain("was ended by SIGKILL");
});

test("is inconclusive when it is interrupted, and leaves nothing running", async () => {
  const pidFile = join(folder, "interrupted.pid");
  const script = `
    require("node:fs").writeFileSync(${JSON.stringify(pidFile)}, String(process.pid));
    setInterval(() => {}, 1000);`;
  const stop = new AbortController();
  const running = runChecks([scriptCheck(script)], subject(), { signal: stop.signal });
  await vi.waitFor(() => {
    expect(existsSync(pidFile)).toBe(true);
    expect(readFileSync(pidFile, "utf8")).not.toBe("");
  }, 4_000);
  stop.abort();
  const [finding] = await running;
  expect(finding?.verdict).toBe("inconclusive");
  expect(startOf(Number(readFileSync(pidFile, "utf8")))).toBeNull();
});

test("runs again as often as it is told to", async () => {
  const counter = join(folder, "runs");
  const script = `
    const { appendFileSync, readFileSync } = require("node:fs");
    appendFileSync(${JSON.stringify(counter)}, "x");
    process.exit(readFileSync(${JSON.stringify(counter)}, "utf8").length < 3 ? 1 : 0);`;
  const finding = await only(scriptCheck(script, { retries: 5 }));
  expect(finding).toMatchObject({ verdict: "pass", attempts: 3 });
});

test("stops the program at the deadline of all runs", async () => {
  const finding = await only(scriptCheck("setInterval(() => {}, 1000)", { deadlineMs: 500 }));
  expect(finding).toMatchObject({ verdict: "fail", attempts: 1 });
  expect(finding?.sentence).toContain("was stopped before it ended");
});

test("isn't run with the stand-in of a secret that can't be read", async () => {
  const finding = await only(scriptCheck("", { env: { TOKEN: opaqueSecret } }));
  expect(finding).toMatchObject({ verdict: "error", attempts: 0 });
  expect(finding?.sentence).toContain("secret values can't be read");
});
