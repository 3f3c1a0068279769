/** The warm-up of real instances: what it asks, when it ends, and what it says. */

import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { warmUp } from "../../../automation/warmup/warm-up.ts";

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function instance(answer: (req: IncomingMessage, res: ServerResponse) => void) {
  const server = createServer(answer);
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Slow for its first requests of each path, as one whose caches fill. */
function cold(slowMs: number, count: number) {
  const asked: string[] = [];
  const address = instance((req, res) => {
    const { url = "" } = req;
    asked.push(url);
    const before = asked.filter((each) => each === url).length;
    setTimeout(() => res.end("ok"), before <= count ? slowMs : 5);
  });
  return { asked, address };
}

const settings = { paths: ["/"], withinMs: 10_000, concurrency: 2, timeoutMs: 2_000 };
const signal = new AbortController().signal;

test("goes on until each path of each instance answers steadily, and says what changed", async () => {
  const instances = [cold(150, 6), cold(100, 3)];
  const addresses = await Promise.all(instances.map(({ address }) => address));
  const said = await warmUp({ ...settings, paths: ["/", "/products"] }, { addresses, signal });
  expect(said).toMatch(
    /^warm after \d\.\d s: \/ from [1-9]\d\d ms to \d+ ms, \/products from [1-9]\d\d ms to \d+ ms$/,
  );
  for (const { asked } of instances) {
    for (const path of ["/", "/products"]) {
      expect(asked.filter((each) => each === path).length).toBeGreaterThanOrEqual(20);
    }
    expect(asked.indexOf("/products")).toBeGreaterThanOrEqual(20);
  }
});

test("asks no more than so many at once", async () => {
  let open = 0;
  let most = 0;
  const address = await instance((_req, res) => {
    open += 1;
    most = Math.max(most, open);
    setTimeout(() => {
      open -= 1;
      res.end("ok");
    }, 20);
  });
  await warmUp({ ...settings, concurrency: 3 }, { addresses: [address], signal });
  expect(most).toBe(3);
});

test("ends when its time is over, and says so", async () => {
  let count = 0;
  const address = await instance((_req, res) => {
    count += 1;
    setTimeout(() => res.end("ok"), Math.floor(count / 10) % 2 === 0 ? 10 : 60);
  });
  const startedMs = Date.now();
  const said = await warmUp(
    { ...settings, concurrency: 1, withinMs: 1_500 },
    { addresses: [address], signal },
  );
  expect(Date.now() - startedMs).toBeLessThan(4_000);
  expect(said).toMatch(
    /^(the warm-up ended after 1\.\d s, not steady|warm after \d\.\d s): \/ from/,
  );
});

test("says which path is answered badly, and doesn't wait for it", async () => {
  const address = await instance((req, res) => {
    res.writeHead(req.url === "/" ? 200 : 404).end();
  });
  const startedMs = Date.now();
  const paths = ["/gone", "/"];
  const said = await warmUp({ ...settings, paths }, { addresses: [address], signal });
  expect(said).toContain("/ from");
  expect(said).toContain(`${address} GET /gone answered 404, 2xx or 3xx expected`);
  expect(Date.now() - startedMs).toBeLessThan(6_000);
});

test("says where no instance answers, and leaves the rest to the checks", async () => {
  const address = await instance(() => undefined);
  const [server] = servers.splice(0);
  await new Promise((resolve) => server?.close(resolve));
  const said = await warmUp({ ...settings, withinMs: 500 }, { addresses: [address], signal });
  expect(said).toMatch(/^no instance gave a good answer to the warm-up: .*connection refused/);
});

test("ends at once when a person stops the rollout", async () => {
  const address = await instance((_req, res) => {
    setTimeout(() => res.end("ok"), 50);
  });
  const stop = new AbortController();
  const running = warmUp(
    { ...settings, concurrency: 1 },
    { addresses: [address], signal: stop.signal },
  );
  stop.abort();
  const startedMs = Date.now();
  await running;
  expect(Date.now() - startedMs).toBeLessThan(1_000);
});

test("does nothing where nothing is asked for", async () => {
  expect(
    await warmUp({ ...settings, paths: [] }, { addresses: ["127.0.0.1:1"], signal }),
  ).toBeNull();
  expect(await warmUp(settings, { addresses: [], signal })).toBeNull();
});
