/** A limit on what comes before a point of no return. */

import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Deadline } from "../../../automation/deadline.ts";

const never = (): Promise<never> => new Promise(() => undefined);

test("ends what takes longer, and everything after it at once", async () => {
  const deadline = new Deadline(20);
  await expect(deadline.limit(never)).rejects.toMatchObject({ code: "ENGINE_FAILED" });
  expect(deadline.signal.aborted).toBe(true);
  let begun = false;
  const later = deadline.limit(() => {
    begun = true;
    return never();
  });
  await expect(later).rejects.toMatchObject({ code: "ENGINE_FAILED" });
  expect(begun).toBe(false);
});

test("gives what was done in time, and its failure as it is", async () => {
  const deadline = new Deadline(10_000);
  expect(await deadline.limit(() => Promise.resolve("done"))).toBe("done");
  await expect(deadline.limit(() => Promise.reject(new Error("own")))).rejects.toThrow("own");
});

test("doesn't count while it is paused, and not at all once it is lifted", async () => {
  const deadline = new Deadline(20);
  deadline.pause();
  expect(await deadline.limit(() => sleep(60, "slow"))).toBe("slow");
  deadline.resume();
  deadline.lift();
  deadline.resume();
  expect(await deadline.limit(() => sleep(60, "slow"))).toBe("slow");
  expect(deadline.signal.aborted).toBe(false);
});
