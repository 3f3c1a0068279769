import { expect, test } from "vitest";
import type { Capacity } from "../../../automation/checks/check.ts";
import { runChecks } from "../../../automation/checks/runner.ts";
import type { CheckOf } from "../../../infra/config.ts";
import { capacityCheck, subject } from "./subject.ts";

/** Counted again at each attempt; the last count stays. */
async function checked(ready: readonly number[], over: Partial<CheckOf<"capacity">> = {}) {
  let looks = 0;
  const capacity = (): Promise<Capacity> => {
    const now = ready[Math.min(looks, ready.length - 1)] ?? 0;
    looks += 1;
    const seen = { total: 4, crashLoop: false, reachable: true, problems: ["one starts"] };
    return Promise.resolve({ target: { ...seen, ready: now }, equal: { size: 4, color: "blue" } });
  };
  const [finding] = await runChecks([capacityCheck(over)], subject({ capacity }));
  return finding;
}

test("passes where as many are ready as the active color has", async () => {
  expect(await checked([4])).toMatchObject({
    verdict: "pass",
    kind: "capacity",
    sentence: "4 of 4 instances of green are ready, 4 needed: 4 of blue",
  });
});

test("counts anew until enough are ready", async () => {
  const finding = await checked([2, 3, 4], { retries: 5 });
  expect(finding).toMatchObject({ verdict: "pass", attempts: 3 });
});

test("fails with what is wrong with the others", async () => {
  expect(await checked([3], { retries: 1 })).toMatchObject({
    verdict: "fail",
    sentence: "3 of 4 instances of green are ready, 4 needed: 4 of blue",
    evidence: "one starts",
    attempts: 2,
  });
});

test("is content with the number or the share that is asked for", async () => {
  expect(await checked([2], { atLeast: 2 })).toMatchObject({ verdict: "pass" });
  expect(await checked([3], { atLeast: "75%" })).toMatchObject({ verdict: "pass" });
  expect(await checked([4], { atLeast: "125%" })).toMatchObject({ verdict: "fail" });
});

test("is an error where the platform can't be asked", async () => {
  const [finding] = await runChecks([capacityCheck()], subject());
  expect(finding?.verdict).toBe("error");
  expect(finding?.sentence).toContain("nobody counts instances here");
});
