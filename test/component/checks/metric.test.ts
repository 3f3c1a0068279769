import { tmpdir } from "node:os";
import { afterEach, expect, test } from "vitest";
import { runChecks } from "../../../automation/checks/runner.ts";
import { sourcesOf } from "../../../automation/metrics/index.ts";
import type { CheckOf } from "../../../infra/config.ts";
import { opaqueSecret, parseSettings } from "../../../infra/config.ts";
import { Servers } from "../probe/servers.ts";
import { metricCheck, subject } from "./subject.ts";

const servers = new Servers();

afterEach(() => servers.close());

/** The check against a JSON source; each answer is one document, the last one stays. */
async function checked(
  answers: readonly (object | null)[],
  over: Partial<CheckOf<"metric">> = {},
  metric: object = { value: "lag", upper: 99 },
) {
  const asked: string[] = [];
  const { url } = await servers.http((req, res) => {
    const answer = answers[Math.min(asked.length, answers.length - 1)];
    asked.push(req.url ?? "");
    if (answer) res.end(JSON.stringify(answer));
    else res.writeHead(503).end();
  });
  const source = { kind: "json", name: "lag", url: `${url}/{color}/{version}`, timeout: "200ms" };
  const { metrics } = parseSettings({
    environment: "dev",
    local: JSON.stringify({ command: ["node"] }),
    bake: JSON.stringify({ duration: "10m" }),
    metrics: JSON.stringify([{ ...source, ...metric }]),
  });
  const sources = sourcesOf(metrics, { cwd: tmpdir(), env: {}, url: null });
  const [finding] = await runChecks([metricCheck(over)], subject({ metrics: sources }));
  return { finding, asked };
}

test("passes where the source says of the color what is allowed", async () => {
  const { finding, asked } = await checked([{ lag: 7 }]);
  expect(finding).toMatchObject({
    verdict: "pass",
    kind: "metric",
    sentence: "lag of green is 7, at most 10 allowed",
    evidence: '{"value":7}',
  });
  expect(asked).toEqual(["/green/2"]);
});

test("waits until the value is right", async () => {
  const { finding } = await checked([null, { lag: 80 }, { lag: 11 }, { lag: 10 }]);
  expect(finding).toMatchObject({ verdict: "pass", attempts: 4 });
});

test("fails with its last whole reading where the value never gets right", async () => {
  const { finding } = await checked([{ lag: 80 }], { deadlineMs: 500 });
  expect(finding).toMatchObject({
    verdict: "fail",
    sentence: "lag of green is 80, at most 10 allowed",
  });
  expect(finding?.attempts).toBeGreaterThan(1);
});

test("no reading is an error after all tries, never a pass", async () => {
  const { finding, asked } = await checked([null], { deadlineMs: 500 });
  expect(finding?.verdict).toBe("error");
  expect(finding?.sentence).toMatch(/^lag of green can't be read: .* answered 503/);
  expect(asked.length).toBeGreaterThan(1);
});

test("a source that hangs or lies is an error", async () => {
  const lying = await checked([{ lag: "much" }], { deadlineMs: 200 });
  expect(lying.finding?.verdict).toBe("error");
  expect(lying.finding?.sentence).toBe("lag of green can't be read: its value is no number");
  const { url } = await servers.http(() => undefined);
  const hanging = await checked([null], { deadlineMs: 700 }, { url, value: "lag", upper: 99 });
  expect(hanging.finding?.verdict).toBe("error");
  expect(hanging.finding?.sentence).toContain("gave up after");
});

test("counts are judged by their share of bad ones, once there are any", async () => {
  const counts = { bad: "bad", total: "all" };
  const nothing = { bad: 0, all: 0 };
  const share = { atMost: 0.01 };
  const good = await checked([nothing, { bad: 2, all: 200 }], share, counts);
  expect(good.finding).toMatchObject({
    verdict: "pass",
    sentence: "lag of green is 2 bad of 200 (1 %), at most 0.01 allowed",
    attempts: 2,
  });
  const none = await checked([nothing], { ...share, deadlineMs: 200 }, counts);
  expect(none.finding).toMatchObject({
    verdict: "error",
    sentence: "lag of green has counted nothing yet",
  });
});

test("asks nobody with a secret that is still closed", async () => {
  const metric = { value: "lag", upper: 99, headers: { authorization: opaqueSecret } };
  const { finding, asked } = await checked([{ lag: 1 }], { deadlineMs: 200 }, metric);
  expect(finding).toMatchObject({
    verdict: "error",
    sentence: "lag of green can't be read: its secret values can't be read here",
  });
  expect(asked).toEqual([]);
});
