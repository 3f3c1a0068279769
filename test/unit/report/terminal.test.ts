import { expect, test } from "vitest";
import type { Event } from "../../../automation/event.ts";
import { jsonReporter } from "../../../automation/report/json.ts";
import { terminalReporter } from "../../../automation/report/terminal.ts";

function shown(events: readonly Event[], output: { color?: boolean; interactive?: boolean } = {}) {
  let text = "";
  const reporter = terminalReporter(
    { color: output.color ?? false, interactive: output.interactive ?? false, verbose: false },
    (part) => {
      text += part;
    },
  );
  for (const event of events) reporter.on(event);
  return text;
}

const failed: Event = {
  kind: "Failed",
  code: "CLAIMED",
  message: "rollout r-1 has claimed green",
  hint: "wait for it",
  details: ["ann on build-3"],
};

test("plain lines hold no control characters", () => {
  const text = shown([{ kind: "Begun", action: "check green", phase: "check" }, failed]);
  expect(text).toBe(
    "CLAIMED: rollout r-1 has claimed green\n  ann on build-3\nhint: wait for it\n",
  );
});

test("a terminal shows what is under way in one line that is replaced", () => {
  const text = shown(
    [
      { kind: "Begun", action: "check green", phase: "check" },
      { kind: "Ended", action: "check green", ms: 1_200 },
    ],
    { interactive: true },
  );
  expect(text).toBe("\r\u001b[2K  ...   check green\r\u001b[2K  done  check green 1.2 s\n");
});

test("colors are used only where they are wanted", () => {
  expect(shown([failed], { color: true })).toContain("\u001b[31mCLAIMED");
  expect(shown([failed])).not.toContain("\u001b");
});

const probe = {
  sent: 100,
  failed: 0,
  longestGapMs: 50,
  byColor: { blue: 40, green: 60 },
  skipped: 0,
  pending: 0,
  broken: null,
};

test("the probe's count is printed with its gap and its colors", () => {
  expect(shown([{ kind: "Probed", probe }])).toBe(
    "  probe  100 sent, 0 failed, longest gap 50 ms (blue 40, green 60)\n",
  );
});

test("why a request of the probe failed is printed for the first of them", () => {
  const firstFailure = { at: "2026-03-01T12:00:00.000Z", reason: "answered 500 from green" };
  expect(shown([{ kind: "Probed", probe: { ...probe, failed: 2, firstFailure } }])).toBe(
    "  probe  100 sent, 2 failed, longest gap 50 ms (blue 40, green 60)\n" +
      "  probe  first failure at 2026-03-01T12:00:00.000Z: answered 500 from green\n",
  );
});

test("what the probe couldn't count is printed beside what it counted", () => {
  const broken = "the prober's thread ended with 1";
  expect(shown([{ kind: "Probed", probe: { ...probe, skipped: 3, pending: 2, broken } }])).toBe(
    "  probe  100 sent, 0 failed, 2 unanswered, 3 not sent in time, longest gap 50 ms " +
      "(blue 40, green 60)\n" +
      "  probe  the count isn't whole: the prober's thread ended with 1\n",
  );
});

test("json is one event a line", () => {
  const out: string[] = [];
  jsonReporter((text) => out.push(text)).on(failed);
  expect(out).toHaveLength(1);
  expect(JSON.parse(out[0] ?? "")).toEqual(failed);
});

test("what a check saw is shown where it isn't right, the last lines of it", () => {
  const evidence = Array.from({ length: 30 }, (_, each) => `line ${each}`).join("\n");
  const findings = [
    { name: "a", verdict: "pass", sentence: "fine", evidence: "unseen" },
    { name: "b", verdict: "fail", sentence: "broken", evidence: `${evidence}\n` },
    { name: "c", verdict: "error", sentence: "silent" },
  ] as const;
  const lines = shown([{ kind: "Checked", color: "green", verdict: "fail", findings }]).split("\n");
  expect(lines.slice(0, 4)).toEqual([
    "  pass  a: fine",
    "  fail  b: broken",
    "        | ...",
    "        | line 10",
  ]);
  expect(lines.slice(-3)).toEqual(["        | line 29", "  fail  c: silent", ""]);
});

test("what hooks said is shown with their stage, and of a refusal what it wrote", () => {
  const findings = [
    { name: "POST_BAKE 1", verdict: "pass", sentence: "fine", evidence: "unseen" },
    { name: "POST_BAKE 2", verdict: "fail", sentence: "ended with exit code 1", evidence: "no" },
  ] as const;
  expect(shown([{ kind: "Hooked", stage: "POST_BAKE", color: "green", findings }])).toBe(
    "  pass  POST_BAKE: fine\n  fail  POST_BAKE: ended with exit code 1\n        | no\n",
  );
});
