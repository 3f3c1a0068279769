import { afterEach, expect, test } from "vitest";
import { runChecks } from "../../../automation/checks/runner.ts";
import type { CheckOf } from "../../../infra/config.ts";
import { Servers } from "../probe/servers.ts";
import { healthCheck, subject } from "./subject.ts";

const servers = new Servers();

afterEach(() => servers.close());

async function checked(body: unknown, over: Partial<CheckOf<"health">> = {}, status = 200) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const { address } = await servers.http((_, response) => response.writeHead(status).end(text));
  const [finding] = await runChecks([healthCheck(over)], subject({ addresses: [address] }));
  return { ...finding, address };
}

const actuator = (db: string, cache: string, status: string) => ({
  status,
  components: {
    db: { status: db, details: { database: "PostgreSQL" } },
    cache: { status: cache },
  },
});

test("passes where the service and all that it depends on are up", async () => {
  const { verdict, sentence, kind } = await checked(actuator("UP", "UP", "UP"));
  expect({ verdict, kind }).toEqual({ verdict: "pass", kind: "health" });
  expect(sentence).toBe("green GET /health: passed by 1 of 1 instances");
});

test("names each dependency that is down, whatever the status code", async () => {
  const { verdict, sentence, address } = await checked(actuator("DOWN", "DOWN", "DOWN"), {}, 503);
  expect(verdict).toBe("fail");
  expect(sentence).toBe(
    `${address} GET /health answered 503, 200 expected; ` +
      `it says "DOWN", "db" is "DOWN", "cache" is "DOWN"`,
  );
});

test("fails on a dependency that is down though the service says it is well", async () => {
  const { verdict, sentence } = await checked(actuator("UP", "DOWN", "UP"));
  expect(verdict).toBe("fail");
  expect(sentence).toMatch(/answered 200 but "cache" is "DOWN"$/);
});

test("passes with the required ones up, and tells what else is down or degraded", async () => {
  const body = { status: "ok", checks: { db: "up", search: "down", mail: "degraded" } };
  const { verdict, sentence } = await checked(body, { require: ["DB"] });
  expect(verdict).toBe("pass");
  expect(sentence).toMatch(/1 of 1 instances; "search" is "down", "mail" is "degraded"$/);
});

test.each([
  ["missing", { db: "up" }, `it names no dependency "cache"`],
  ["down", { cache: "down" }, `"cache" is "down"`],
  ["degraded", { cache: { status: "warn" } }, `"cache" is "warn"`],
  ["silent", { cache: { latency: 3 } }, `"cache" has no status`],
])("fails where a required dependency is %s", async (_, checks, part) => {
  const { verdict, sentence } = await checked({ status: "ok", checks }, { require: ["cache"] });
  expect(verdict).toBe("fail");
  expect(sentence).toContain(part);
});

test.each([
  ["text", "<html>", "its body is no health document"],
  ["JSON without a status", {}, "its body is no health document"],
  ["an unknown word", { status: "STARTING" }, `it says "STARTING"`],
  ["a service that doesn't know", { status: "UNKNOWN" }, `it says "UNKNOWN"`],
  ["too long a body", " ".repeat(2 ** 20 + 1), "its body is longer than 1 MB"],
])("fails on %s", async (_, body, part) => {
  const { verdict, sentence } = await checked(body);
  expect(verdict).toBe("fail");
  expect(sentence).toContain(part);
});

test("fails on the status code where the body says nothing", async () => {
  const { sentence, address } = await checked("oops", {}, 500);
  expect(sentence).toBe(`${address} GET /health answered 500, 200 expected`);
});

test("shows of a long list of troubles the first", async () => {
  const checks = Object.fromEntries(Array.from({ length: 9 }, (_, each) => [`d${each}`, "down"]));
  const { sentence } = await checked({ status: "ok", checks });
  expect(sentence).toMatch(/"d4" is "down", 4 more$/);
});

test("sends its headers", async () => {
  const { address } = await servers.http(({ headers }, response) =>
    response.writeHead(headers["x-key"] === "abc" ? 200 : 401).end('{"status":"ok"}'),
  );
  const check = healthCheck({ headers: { "x-key": "abc" } });
  const [finding] = await runChecks([check], subject({ addresses: [address] }));
  expect(finding?.verdict).toBe("pass");
});
