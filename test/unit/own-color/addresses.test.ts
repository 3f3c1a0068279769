/** What a component returned, and how long it is waited for. */

import { describe, expect, test } from "vitest";
import { awaitHealthy, judgeAddresses } from "../../../infra/own-color/addresses.ts";
import type { TargetReading } from "../../../infra/model.ts";

describe("what a component returns", () => {
  test("is a list of host:port", () => {
    const good = ["10.0.0.7:8080", "[::1]:80", "shop.internal:443"];
    expect(judgeAddresses(good, "shop.ts")).toEqual(good);
  });

  test.each([
    [undefined, "returned nothing"],
    ["10.0.0.7:8080", "returned something else"],
    [{ addresses: [] }, "returned something else"],
    [[], "returned no addresses"],
    [[7], "returned an address that isn't text"],
    [["10.0.0.7"], 'returned "10.0.0.7", which'],
    [["http://10.0.0.7:80"], 'returned "http://10.0.0.7:80", which'],
    [["169.254.169.254:80"], "cloud metadata address"],
    [Array.from({ length: 1_001 }, () => "a:1"), "returned more than 1000 addresses"],
  ])("is refused as %j", (value, words) => {
    expect(() => judgeAddresses(value, "shop.ts")).toThrow(
      expect.objectContaining({
        code: "PROVISION_FAILED",
        message: expect.stringContaining(words) as string,
        hint: expect.stringContaining("host:port") as string,
      }),
    );
  });
});

const reading = (ready: number, more: Partial<TargetReading> = {}): TargetReading => {
  return { ready, total: 2, problems: ["b:1 refused"], crashLoop: false, reachable: true, ...more };
};

/** Reads these one after the other, and the last one from then on. */
function waiting(startMs: number, ...readings: readonly TargetReading[]) {
  const left = [...readings];
  const seen = { count: 0 };
  const read = () => {
    seen.count += 1;
    const next = left.length > 1 ? left.shift() : left[0];
    return next ? Promise.resolve(next) : Promise.reject(new Error("nothing to read"));
  };
  return { seen, done: awaitHealthy({ file: "shop.ts", startMs, intervalMs: 1, read }) };
}

describe("waiting for health", () => {
  test("ends with the first look at which all are ready", async () => {
    const { seen, done } = waiting(60_000, reading(0), reading(1), reading(2), reading(0));
    await done;
    expect(seen.count).toBe(3);
  });

  test("fails when its time is over, with what is wrong", async () => {
    await expect(waiting(20, reading(1)).done).rejects.toMatchObject({
      code: "PROVISION_FAILED",
      message: "1 of 2 addresses of shop.ts are healthy after 20 ms",
      details: ["b:1 refused"],
    });
  });

  test("leaves those that can't be reached to whoever can reach them", async () => {
    const { seen, done } = waiting(20, reading(0, { reachable: false }));
    await done;
    expect(seen.count).toBeGreaterThan(1);
  });

  test("asks nothing where it has no time", async () => {
    const { seen, done } = waiting(0, reading(0));
    await done;
    expect(seen.count).toBe(0);
  });
});
