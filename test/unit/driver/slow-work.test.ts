/** Whoever waits long hears a word, whoever doesn't hears none. */

import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { tellIfSlow } from "../../../automation/slow-work.ts";

async function wordsOf(work: Promise<string>, afterMs: number) {
  let words = 0;
  const outcome = await tellIfSlow(work, afterMs, () => {
    words += 1;
  });
  return { outcome, words };
}

test("slow work is told of once", async () => {
  expect(await wordsOf(sleep(60, "done"), 5)).toEqual({ outcome: "done", words: 1 });
});

test("quick work isn't told of, nor later", async () => {
  const told = await wordsOf(Promise.resolve("done"), 5);
  await sleep(20);
  expect(told).toEqual({ outcome: "done", words: 0 });
});
