import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { measuredPace, rateFor } from "../../../automation/demo/pace.ts";

test("a load leaves a machine more than half of what it can do", () => {
  expect(rateFor(1_500, 900)).toBe(600);
  expect(rateFor(1_640, 900)).toBe(650);
});

test("a fast machine gets the load that was wished for", () => {
  expect(rateFor(10_000, 900)).toBe(900);
  expect(rateFor(10_000, 200)).toBe(200);
});

test("a slow machine still gets enough to prove something", () => {
  expect(rateFor(100, 900)).toBe(200);
});

test("full answers are counted, on kept connections and on fresh ones", async () => {
  const kept = new Set<boolean>();
  const server = createServer((request, response) => {
    kept.add(request.headers.connection === "keep-alive");
    // Of sixteen clients that wait 40 ms each, at most 400 answers come in a second.
    setTimeout(() => response.end("tea"), 40);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  try {
    const { port } = server.address() as AddressInfo;
    const pace = await measuredPace(`http://127.0.0.1:${port}`, new AbortController().signal);
    expect(pace).toBeGreaterThan(0);
    expect(pace).toBeLessThanOrEqual(16 * 26);
    expect([...kept].toSorted()).toEqual([false, true]);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test("a service that gives no answer is an error", async () => {
  const signal = new AbortController().signal;
  await expect(measuredPace("http://127.0.0.1:1", signal)).rejects.toThrow("ECONNREFUSED");
});
