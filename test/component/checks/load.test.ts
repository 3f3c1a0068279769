import { afterEach, expect, test } from "vitest";
import { runChecks } from "../../../automation/checks/runner.ts";
import type { CheckOf } from "../../../infra/config.ts";
import { Servers, unresolvable } from "../probe/servers.ts";
import { loadCheck, subject } from "./subject.ts";

const servers = new Servers();

afterEach(() => servers.close());

async function checked(over: Partial<CheckOf<"load">>, ...addresses: readonly string[]) {
  const [finding] = await runChecks([loadCheck(over)], subject({ addresses }));
  return finding;
}

/** Answers with the status that it is told, and remembers what it was asked. */
async function service(status: (nth: number) => number = () => 200) {
  const asked: string[] = [];
  const server = await servers.http((req, res) => {
    asked.push(`${req.method ?? ""} ${req.url ?? ""}`);
    res.writeHead(status(asked.length)).end("x");
  });
  return { ...server, asked };
}

test("passes where every request is answered well, and says how fast", async () => {
  const { address, asked } = await service();
  const finding = await checked({}, address);
  expect(finding).toMatchObject({ verdict: "pass", kind: "load", attempts: 1 });
  expect(finding?.sentence).toMatch(
    /^green answered 20 of 20 requests well, p50 \d+ ms, p99 \d+ ms$/,
  );
  expect(finding?.evidence).toMatch(/^sent 20 of 20, 0 failed; p50 /);
  expect(asked).toHaveLength(20);
});

test("keeps its rate over its time, however fast the answers come", async () => {
  const { address } = await service();
  const finding = await checked({ ratePerSecond: 50, forMs: 400 }, address);
  expect(finding?.verdict).toBe("pass");
  // The last of 20 requests is due after 380 ms.
  expect(finding?.ms).toBeGreaterThanOrEqual(370);
});

test("asks for each path at each instance, on connections that it keeps", async () => {
  const [one, two] = [await service(), await service()];
  const paths = ["/", "/products", "/a?b=c", "/d"];
  await checked({ paths, ratePerSecond: 80, concurrency: 2 }, one.address, two.address);
  const pairs = paths.map((path) => `GET ${path}`).sort();
  for (const { asked, connections } of [one, two]) {
    expect(asked).toHaveLength(8);
    expect([...new Set(asked)].sort()).toEqual(pairs);
    expect(connections()).toBeLessThanOrEqual(2);
  }
});

test("sends its headers", async () => {
  const seen = new Set<string | undefined>();
  const { address } = await servers.http((req, res) => {
    seen.add(req.headers.host);
    res.end();
  });
  await checked({ headers: { host: "shop.example" } }, address);
  expect([...seen]).toEqual(["shop.example"]);
});

test("never has more requests under way than it may", async () => {
  let [open, most] = [0, 0];
  const { address } = await servers.http((_req, res) => {
    open += 1;
    most = Math.max(most, open);
    setTimeout(() => {
      open -= 1;
      res.end();
    }, 40);
  });
  expect(await checked({ concurrency: 3, forMs: 300 }, address)).toMatchObject({ verdict: "pass" });
  expect(most).toBe(3);
});

test("fails on one bad answer, and shows the first ones", async () => {
  const { address } = await service((nth) => (nth === 7 ? 500 : 200));
  const finding = await checked({}, address);
  const problem = `${address} GET / answered 500, 2xx or 3xx expected`;
  expect(finding?.verdict).toBe("fail");
  expect(finding?.sentence).toMatch(
    /^1 of 20 requests failed \(5 %\), none is allowed; green answ/,
  );
  expect(finding?.sentence).toContain(`; first: ${problem}`);
  expect(finding?.evidence.split("\n").slice(1)).toEqual([problem]);
});

test("passes where no more fail than may", async () => {
  const { address } = await service((nth) => (nth % 10 === 0 ? 503 : 302));
  expect(await checked({ errors: 0.1 }, address)).toMatchObject({ verdict: "pass" });
  expect(await checked({ errors: 0.09 }, address)).toMatchObject({ verdict: "fail" });
});

test("fails where one of the instances answers nothing in time", async () => {
  const well = await service();
  const mute = await servers.http(() => undefined);
  const finding = await checked({ timeoutMs: 150 }, well.address, mute.address);
  expect(finding?.verdict).toBe("fail");
  expect(finding?.sentence).toMatch(/^10 of 20 requests failed \(50 %\), none is allowed/);
  expect(finding?.evidence).toContain(`${mute.address} GET / got no answer: gave up after`);
});

test("fails where answers are right but too slow", async () => {
  const { address } = await servers.http((_req, res) => {
    setTimeout(() => res.end(), 60);
  });
  const finding = await checked({ withinMs: 30, quantile: 0.5 }, address);
  expect(finding?.verdict).toBe("fail");
  expect(finding?.sentence).toMatch(/^p50 was \d+ ms, 30ms allowed; green answered 20 of 20/);
});

test("fails where so many are under way that others can't be sent", async () => {
  const { address } = await servers.http((_req, res) => {
    setTimeout(() => res.end(), 400);
  });
  const finding = await checked({ concurrency: 1 }, address);
  expect(finding?.verdict).toBe("fail");
  expect(finding?.sentence).toMatch(/of them unsent as 1 were under way, none is allowed/);
});

test("sends another burst where one failed and another is allowed", async () => {
  const { address } = await service((nth) => (nth <= 20 ? 500 : 200));
  expect(await checked({ retries: 1 }, address)).toMatchObject({ verdict: "pass", attempts: 2 });
});

test("is inconclusive where nobody can be asked from here", async () => {
  expect(await checked({})).toMatchObject({
    verdict: "inconclusive",
    sentence: "green has no instance to ask",
  });
  const away = await checked({}, unresolvable);
  expect(away?.verdict).toBe("inconclusive");
  expect(away?.sentence).toMatch(/^20 of 20 requests can't reach an instance from here: /);
});

test("is inconclusive where its requests don't reach all instances", async () => {
  const { address, asked } = await service();
  const many = Array.from({ length: 21 }, () => address);
  expect(await checked({}, ...many)).toMatchObject({
    verdict: "inconclusive",
    sentence: "20 requests are too few for the 21 instances",
  });
  expect(asked).toEqual([]);
});

test("asks no address where credentials may be had", async () => {
  const finding = await checked({}, "169.254.169.254:80");
  expect(finding?.verdict).toBe("fail");
  expect(finding?.sentence).toContain("169.254.169.254 is a cloud metadata address");
});

test("ends by its deadline, and at once when it is interrupted", async () => {
  const { address } = await service();
  const long = { ratePerSecond: 20, forMs: 60_000 };
  const late = await checked({ ...long, deadlineMs: 300 }, address);
  expect(late?.verdict).toBe("error");
  expect(late?.sentence).toMatch(/^it was ended after \d of 1200 requests$/);
  const stop = new AbortController();
  const run = runChecks([loadCheck(long)], subject({ addresses: [address] }), {
    signal: stop.signal,
  });
  stop.abort();
  const [finding] = await run;
  expect(finding?.verdict).toBe("inconclusive");
  expect(finding?.ms).toBeLessThan(10_000);
});
