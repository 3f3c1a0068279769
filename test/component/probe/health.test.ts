import { afterEach, expect, test } from "vitest";
import { probeHealth } from "../../../infra/probe.ts";
import { Servers, unresolvable, unroutable } from "./servers.ts";

const servers = new Servers();
const health = { path: "/healthz", statuses: [200], timeoutMs: 2_000 };

afterEach(() => servers.close());

test("counts an allowed status as ready", async () => {
  const one = await servers.http((_, response) => response.end("ok"));
  const two = await servers.http((_, response) => response.end("ok"));
  expect(await probeHealth([one.address, two.address], health)).toEqual({
    ready: 2,
    total: 2,
    problems: [],
    crashLoop: false,
    reachable: true,
  });
});

test("says of each unready instance why", async () => {
  const login = await servers.http((_, response) => response.writeHead(302).end());
  const mute = await servers.tcp((socket) => socket.resume());
  const gone = await servers.nobody();
  const reading = await probeHealth([login.address, mute.address, gone], {
    ...health,
    timeoutMs: 400,
  });
  expect(reading).toMatchObject({ ready: 0, total: 3, reachable: true });
  expect(reading.problems).toEqual([
    `${login.address} GET /healthz answered 302, 200 expected`,
    expect.stringMatching(/^127\.0\.0\.1:\d+ GET \/healthz got no answer: gave up after \d+ ms$/),
    `${gone} GET /healthz got no answer: connection refused`,
  ]);
});

test("doesn't call unhealthy what can't be reached from here", async () => {
  const reading = await probeHealth([unresolvable, unroutable], health);
  expect(reading).toMatchObject({ ready: 0, total: 2, reachable: false });
  expect(reading.problems).toHaveLength(2);
});

test("takes an unreachable instance for down when its sibling can be reached", async () => {
  const { address } = await servers.http((_, response) => response.end("ok"));
  const reading = await probeHealth([address, unroutable], health);
  expect(reading).toMatchObject({ ready: 1, total: 2, reachable: true });
});

test("finds a color without addresses reachable and not ready", async () => {
  expect(await probeHealth([], health)).toMatchObject({ ready: 0, total: 0, reachable: true });
});

test("asks no more than 16 instances at once", async () => {
  let now = 0;
  let most = 0;
  const { address } = await servers.http((_, response) => {
    now += 1;
    most = Math.max(most, now);
    setTimeout(() => {
      now -= 1;
      response.end("ok");
    }, 10);
  });
  const reading = await probeHealth(
    Array.from({ length: 50 }, () => address),
    health,
  );
  expect(reading.ready).toBe(50);
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(16);
});
