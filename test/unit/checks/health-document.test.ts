import { expect, test } from "vitest";
import { readHealth } from "../../../automation/checks/health-document.ts";

/** `name state` of the service and its dependencies. */
function statesIn(body: unknown): readonly string[] | null {
  const read = readHealth(typeof body === "string" ? body : JSON.stringify(body));
  return read && [read.service, ...read.dependencies].map((part) => `${part.name} ${part.state}`);
}

test.each([
  ["a bare status", { status: "ok" }, [" up"]],
  ["a status of true", { status: true, checks: { db: false } }, [" up", "db down"]],
  [
    "health+json, with a list of measurements each",
    {
      status: "warn",
      checks: {
        "cassandra:responseTime": [{ status: "pass", observedValue: 250 }, { status: "fail" }],
        uptime: [{ observedValue: 1209600.245 }],
      },
    },
    [" degraded", "cassandra:responseTime up", "cassandra:responseTime down", "uptime silent"],
  ],
  [
    "Spring Boot's, with parts of parts",
    {
      status: "UP",
      components: {
        discovery: { status: "UNKNOWN", components: { eureka: { status: "OUT_OF_SERVICE" } } },
        diskSpace: { status: "UP", details: { total: 5, exists: true, path: "/down" } },
      },
    },
    [" up", "discovery silent", "discovery.eureka down", "diskSpace up"],
  ],
  [
    "ASP.NET's",
    { status: "Degraded", entries: { sql: { status: "Unhealthy", duration: "00:00:00.1" } } },
    [" degraded", "sql down"],
  ],
  ["ASP.NET's single word", "Healthy\n", [" up"]],
  [
    "MicroProfile's, with names in a list",
    { status: "UP", checks: [{ name: "db", status: "DOWN", data: {} }, { status: "DOWN" }, 3] },
    [" up", "db down"],
  ],
  [
    "Terminus'",
    { status: "error", info: {}, error: { db: {} }, details: { db: { status: "down" } } },
    [" down", "db down"],
  ],
  [
    "plain words, and versions that aren't any",
    { status: "pass", dependencies: { db: "ok", cache: "warn", express: "4.1" } },
    [" up", "db up", "cache degraded"],
  ],
])("reads %s", (_, body, states) => {
  expect(statesIn(body)).toEqual(states);
});

test.each(["", "hello", "[]", "3", "null", "{", '{"status":""}', '{"status":{}}', "{}"])(
  "takes %j for no health document",
  (body) => {
    expect(readHealth(body)).toBeNull();
  },
);

test("counts a word that nobody knows as down", () => {
  expect(statesIn({ status: "ok", checks: { db: { status: "rebuilding" } } })).toEqual([
    " up",
    "db down",
  ]);
});

test("ends in documents that are deep, long or hostile", () => {
  let deep: object = { status: "DOWN" };
  for (let depth = 0; depth < 50; depth += 1) deep = { status: "UP", components: { a: deep } };
  expect(statesIn(deep)).toEqual([" up", "a up", "a.a up", "a.a.a up", "a.a.a.a up"]);
  const many = Object.fromEntries(Array.from({ length: 2_000 }, (_, each) => [`d${each}`, "up"]));
  expect(statesIn({ status: "up", checks: many })).toHaveLength(501);
  expect(statesIn('{"status":"up","checks":{"__proto__":{"status":"down"}}}')).toEqual([
    " up",
    "__proto__ down",
  ]);
});
