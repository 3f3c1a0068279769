import type { ServerResponse } from "node:http";
import { afterEach, expect, test } from "vitest";
import type { Clock } from "../../../infra/clock.ts";
import { keepConnection, probe, verifyServed } from "../../../infra/probe.ts";
import { Servers } from "./servers.ts";

const servers = new Servers();
const asked = { path: "/", color: "green", count: 3, withinMs: 3_000, intervalMs: 1 } as const;

afterEach(() => servers.close());

function answerFrom(response: ServerResponse, color: string, status = 200): void {
  response.writeHead(status, { "x-bluegreen-color": color }).end();
}

test("proves a color that answers in a row on fresh and on reused connections", async () => {
  const server = await servers.http((_, response) => {
    answerFrom(response, "green");
  });
  const result = await verifyServed({ ...asked, url: server.url });
  expect(result).toEqual({
    served: true,
    answers: { blue: 0, green: 6, unnamed: 0, unanswered: 0 },
    errors: 0,
    failing: false,
    reason: "green answered 3 times in a row on fresh and on reused connections",
  });
  expect(server.connections()).toBe(4);
});

test("sees a flip in the middle of its probes", async () => {
  let requests = 0;
  const { url } = await servers.http((_, response) => {
    requests += 1;
    answerFrom(response, requests <= 8 ? "blue" : "green");
  });
  const result = await verifyServed({ ...asked, url });
  expect(result).toMatchObject({ served: true, answers: { blue: 8, green: 6 } });
});

test("starts anew at each wrong answer", async () => {
  let requests = 0;
  const { url } = await servers.http((_, response) => {
    requests += 1;
    answerFrom(response, requests === 5 ? "blue" : "green");
  });
  const result = await verifyServed({ ...asked, url });
  expect(result).toMatchObject({ served: true, answers: { blue: 1, green: 11 } });
});

test("isn't deceived when only fresh connections reach the new color", async () => {
  const switched = { is: false };
  const colors = new WeakMap<object, string>();
  const { url } = await servers.http((request, response) => {
    const color = colors.get(request.socket) ?? (switched.is ? "green" : "blue");
    colors.set(request.socket, color);
    answerFrom(response, color);
  });
  const connection = keepConnection();
  await probe({ url, timeoutMs: 1_000, connection });
  switched.is = true;
  const result = await verifyServed({ ...asked, url, withinMs: 300, connection });
  connection.close();
  expect(result.served).toBe(false);
  expect(result.reason).toContain("from blue, green expected (on a reused connection)");
  expect(result.answers.green).toBeGreaterThan(0);
});

test.each([
  ["another color", { "x-bluegreen-color": "blue" }, 200, "from blue"],
  ["no color", {}, 200, "without naming a color"],
  ["an error", { "x-bluegreen-color": "green" }, 502, "answered 502 from green"],
])("doesn't count %s as served", async (_, headers, status, reason) => {
  const { url } = await servers.http((__, response) => response.writeHead(status, headers).end());
  const result = await verifyServed({ ...asked, url, withinMs: 300 });
  expect(result.served).toBe(false);
  expect(result.reason).toContain(reason);
});

test("is ended by errors in a row of the color itself, whatever another one answers", async () => {
  let requests = 0;
  const { url } = await servers.http((_, response) => {
    requests += 1;
    if (requests % 3 === 0) answerFrom(response, "blue");
    else answerFrom(response, "green", requests === 1 ? 200 : 503);
  });
  const clearFailure = { errors: 5, forMs: 0 };
  const result = await verifyServed({ ...asked, url, withinMs: 60_000, clearFailure });
  expect(result).toMatchObject({ served: false, failing: true, errors: 5 });
  expect(result.reason).toMatch(/answered 503 from green/);
});

test("takes an answer that breaks off for an error of the color that began it", async () => {
  const { url } = await servers.http((_, response) => {
    response.writeHead(200, { "x-bluegreen-color": "green", "content-length": "9" });
    response.write("half", () => response.destroy());
  });
  const clearFailure = { errors: 5, forMs: 0 };
  const result = await verifyServed({ ...asked, url, withinMs: 60_000, clearFailure });
  expect(result).toMatchObject({ served: false, failing: true });
  expect(result.reason).toMatch(/got no answer: .*\(begun by green\)/);
});

test.each([
  ["errors of the color are most of what is wrong", "green", true],
  ["most of what is wrong comes from another color", "blue", false],
])("tells at the end of its time whose fault it is: %s", async (_, other, failing) => {
  let requests = 0;
  const { url } = await servers.http((__, response) => {
    requests += 1;
    if (requests % 3 > 0) answerFrom(response, other);
    else answerFrom(response, "green", requests % 2 === 0 ? 500 : 200);
  });
  const clearFailure = { errors: 5, forMs: 60_000 };
  const result = await verifyServed({ ...asked, url, withinMs: 300, clearFailure });
  expect(result.errors).toBeGreaterThanOrEqual(5);
  expect(result).toMatchObject({ served: false, failing });
});

test("serves after all when its color stumbles over its first requests only", async () => {
  const sinceMs = performance.now();
  const { url } = await servers.http((_, response) => {
    answerFrom(response, "green", performance.now() - sinceMs < 150 ? 503 : 200);
  });
  const clearFailure = { errors: 5, forMs: 60_000 };
  const result = await verifyServed({ ...asked, url, withinMs: 60_000, clearFailure });
  expect(result).toMatchObject({ served: true, failing: false });
  expect(result.errors).toBeGreaterThan(5);
});

test.each([
  [4, false],
  [5, true],
])("%i errors are its fault at the end of its time: %s", async (most, failing) => {
  let requests = 0;
  const { url } = await servers.http((_, response) => {
    requests += 1;
    if (requests <= most) answerFrom(response, "green", 500);
    else response.socket?.pause();
  });
  const clearFailure = { errors: 5, forMs: 60_000 };
  const result = await verifyServed({ ...asked, url, withinMs: 300, clearFailure });
  expect(result).toMatchObject({ served: false, errors: most, failing });
});

// Without its deadline it would outlast the test.
test("ends in time when nothing answers", async () => {
  const mute = await servers.tcp((socket) => socket.resume());
  const asking = { ...asked, url: mute.url, timeoutMs: 60_000, withinMs: 100 };
  const result = await verifyServed(asking);
  expect(result.served).toBe(false);
  expect(result.answers.unanswered).toBeGreaterThan(0);
});

test("asks for the version besides the color", async () => {
  const { url } = await servers.http((_, response) => {
    response.writeHead(200, { "x-bluegreen-color": "green" }).end(`{"version":"1"}`);
  });
  const right = await verifyServed({ ...asked, url, expectVersion: "1" });
  expect(right.served).toBe(true);
  const wrong = await verifyServed({ ...asked, url, expectVersion: "2", withinMs: 300 });
  expect(wrong.served).toBe(false);
  expect(wrong.reason).toContain("from version 1, 2 expected");
});

test("shows no credentials of the URL", async () => {
  const { url } = await servers.http((_, response) => response.end());
  const secret = url.replace("http://", "http://user:hunter2@");
  const result = await verifyServed({ ...asked, url: secret, withinMs: 300 });
  expect(result.served).toBe(false);
  expect(result.reason).not.toContain("hunter2");
});

test("runs on the clock that it is given, also when that one stands still", async () => {
  const { url } = await servers.http((_, response) => {
    answerFrom(response, "blue");
  });
  const frozen: Clock = { now: () => 0, sleep: () => Promise.resolve() };
  const stuck = await verifyServed({
    ...asked,
    url,
    withinMs: 2_000,
    intervalMs: 100,
    clock: frozen,
  });
  expect(stuck).toMatchObject({ served: false, answers: { blue: 46 } });
  let time = 0;
  const jumping: Clock = {
    now: () => time,
    sleep: (ms) => {
      time += ms;
      return Promise.resolve();
    },
  };
  const slow = { ...asked, url, intervalMs: 60_000, withinMs: 600_000, clock: jumping };
  expect(await verifyServed(slow)).toMatchObject({ served: false, answers: { blue: 20 } });
});
