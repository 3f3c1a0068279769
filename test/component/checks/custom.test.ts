import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { runChecks } from "../../../automation/checks/runner.ts";
import type { CheckSubject } from "../../../automation/checks/runner.ts";
import type { CheckOf } from "../../../infra/config.ts";
import { startOf } from "../../../infra/process-identity.ts";
import { Servers } from "../probe/servers.ts";
import { customCheck, subject } from "./subject.ts";

const folder = mkdtempSync(join(tmpdir(), "bluegreen-custom-"));
const servers = new Servers();
const contract = join(import.meta.dirname, "../../../automation/checks/custom-check.ts");

afterEach(() => servers.close());
afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Case {
  readonly check?: Partial<CheckOf<"custom">>;
  readonly over?: Partial<CheckSubject>;
}

async function run(source: string, { check = {}, over = {} }: Case = {}) {
  writeFileSync(join(folder, "check.ts"), source);
  const [finding] = await runChecks([customCheck(check)], subject({ cwd: folder, ...over }));
  return finding;
}

/** A check whose `run` has this body. */
const body = (text: string) =>
  `export const own = { name: "orders", async run(context) { ${text} } };`;
const finding = (text: string) => body(`return ${text};`);

test("runs a check that is written by its contract, on the real instances", async () => {
  const { address } = await servers.http((_, response) => response.end('{"open":3}'));
  const source = `
    import type { CustomCheck } from ${JSON.stringify(contract)};
    const orders: CustomCheck = {
      name: "orders",
      async run({ addresses, color, version, url, previewHeaders, signal }) {
        const answer = await fetch("http://" + addresses[0] + "/orders", { signal });
        const { open } = (await answer.json()) as { open: number };
        const sentence = [open, "open", color, version, url, JSON.stringify(previewHeaders)].join(" ");
        return { verdict: "pass", sentence, evidence: "seen" };
      },
    };
    export default orders;`;
  const found = await run(source, { over: { addresses: [address], url: "http://127.0.0.1:1" } });
  expect(found).toMatchObject({
    kind: "custom",
    verdict: "pass",
    sentence: 'orders: 3 open green 2 http://127.0.0.1:1 {"x-bluegreen-preview":"green"}',
    evidence: "seen",
  });
});

test("fails as the check says, with all that it wrote", async () => {
  const found = await run(
    body(`console.log("tried 1"); return { verdict: "fail", sentence: "2 of 3\\u001b[2J" };`),
  );
  expect(found).toMatchObject({ verdict: "fail", evidence: "tried 1\n" });
  expect(found?.sentence).toBe("orders: 2 of 3\\u001b[2J");
});

test("takes inconclusive for what it is, and tries again when told to", async () => {
  const found = await run(finding(`{ verdict: "inconclusive", sentence: "no data" }`), {
    check: { retries: 1 },
  });
  expect(found).toMatchObject({ verdict: "inconclusive", attempts: 2 });
});

test.each([
  ["throws", body(`throw new Error("no\\nroute")`), "threw: no", "Error: no"],
  ["throws no error", body(`throw 3`), "threw: 3", ""],
  ["can't be loaded", "export const a: = 3;", "can't be loaded: ", "SyntaxError"],
  [
    "imports what isn't there",
    `import "./gone.ts"; ${finding("null")}`,
    "can't be loaded: Cannot find module",
    "",
  ],
  ["exports nothing", "export const a = 3;", "exports no object with `name` and `run`", ""],
  [
    "exports two",
    "export const a = { name: 'a', run() {} }, b = { name: 'b', run() {} };",
    "exports 2 checks: a, b",
    "",
  ],
  ["has no function", "export default { name: 'a', run: 3 };", "`run` is no function", ""],
  ["has no name", "export default { run() {} };", "without a `name`", ""],
  ["returns nothing", body(""), "returned no `verdict` of pass, fail, inconclusive", ""],
  ["returns true", finding("true"), "returned no `verdict`", ""],
  [
    "returns another verdict",
    finding(`{ verdict: "ok", sentence: "x" }`),
    "returned no `verdict`",
    "",
  ],
  ["returns no sentence", finding(`{ verdict: "pass" }`), "returned no `sentence`", ""],
  [
    "returns odd evidence",
    finding(`{ verdict: "pass", sentence: "x", evidence: {} }`),
    "`evidence` that is no text",
    "",
  ],
  ["ends itself", body("process.exit(0)"), "ended with exit code 0, and returned no finding", ""],
  [
    "dies of a promise",
    body(`Promise.reject(new Error("late")); await new Promise((r) => setTimeout(r, 500));`),
    "ended with exit code 1, and returned no finding",
    "Error: late",
  ],
  [
    "kills itself",
    body(
      "process.kill(process.pid, 'SIGKILL'); await new Promise(() => setInterval(() => {}, 1000));",
    ),
    "was ended by SIGKILL",
    "",
  ],
  [
    "lies on the way back",
    body(`require("node:fs").writeSync(3, "{}"); process.exit(0);`).replace(
      "export",
      `import { createRequire } from "node:module"; const require = createRequire(import.meta.url); export`,
    ),
    "returned no finding",
    "",
  ],
])("is an error when it %s", async (_, source, part, seen) => {
  const found = await run(source);
  expect(found?.verdict).toBe("error");
  expect(found?.sentence).toContain("check.ts ");
  expect(found?.sentence).toContain(part);
  expect(found?.evidence).toContain(seen);
});

test("is an error when the file isn't there", async () => {
  const [found] = await runChecks([customCheck({ file: "none.ts" })], subject({ cwd: folder }));
  expect(found).toMatchObject({ verdict: "error", sentence: `none.ts doesn't exist in ${folder}` });
});

test("ends a check that hangs, and what it started, when its time is over", async () => {
  const pids = join(folder, "pids");
  const source = `
    import { spawn } from "node:child_process";
    import { writeFileSync } from "node:fs";
    export const own = { name: "hangs", run() {
      const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
      writeFileSync(${JSON.stringify(pids)}, process.pid + " " + child.pid);
      for (;;);
    } };`;
  const found = await run(source, { check: { timeoutMs: 1_500 } });
  expect(found?.verdict).toBe("fail");
  expect(found?.sentence).toBe("check.ts didn't end within 1s500ms and was stopped");
  expect(existsSync(pids)).toBe(true);
  for (const pid of readFileSync(pids, "utf8").split(" ")) {
    await vi.waitFor(() => {
      expect(startOf(Number(pid))).toBeNull();
    });
  }
});

test("doesn't wait for timers and connections that the check left open", async () => {
  const found = await run(
    body(`setInterval(() => {}, 1000); return { verdict: "pass", sentence: "done" };`),
  );
  expect(found).toMatchObject({ verdict: "pass", sentence: "orders: done" });
});

test("gets the check's own variables, hidden in what it shows, and none of ours", async () => {
  const text = "`${process.env.TOKEN} ${process.env.OURS} ${process.env.BLUEGREEN_COLOR}`";
  const found = await run(finding(`{ verdict: "pass", sentence: ${text}, evidence: ${text} }`), {
    check: { env: { TOKEN: "s3cr3t-t0ken" } },
    over: { env: { ...process.env, OURS: "hunter2" } },
  });
  expect(found).toMatchObject({
    sentence: "orders: *** undefined green",
    evidence: "*** undefined green",
  });
});

test("keeps the end of long evidence and the start of a long sentence", async () => {
  const long = `{ verdict: "fail", sentence: "s".repeat(1e6), evidence: "e".repeat(1e6) + "end" }`;
  const found = await run(finding(long));
  expect(found?.verdict).toBe("fail");
  expect(found?.sentence.length).toBeLessThan(400);
  expect(found?.evidence.endsWith("eend")).toBe(true);
  expect(found?.evidence.length).toBeLessThan(8_300);
});
