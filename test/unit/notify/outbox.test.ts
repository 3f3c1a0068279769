/** A target is told in the background: with patience, within bounds, and never for long at the end. */

import { describe, expect, test } from "vitest";
import type { News } from "../../../automation/notify/news.ts";
import { Outbox } from "../../../automation/notify/outbox.ts";
import { NotTold } from "../../../automation/notify/reply.ts";
import { VirtualClock } from "../checks/virtual-clock.ts";
import { rollout } from "./events.ts";

function piece(key: string, standing: News["standing"] = "running"): News {
  return { key, standing, rollout, own: true, sentence: key, by: "ann", atMs: 0 };
}

/** Fails as often as is told, each time asking for so much patience. */
function outbox(failures: readonly (number | null)[], tellsAll = true) {
  const clock = new VirtualClock();
  const attempts: string[] = [];
  const left = [...failures];
  const send = ({ key }: News): Promise<void> => {
    attempts.push(`${clock.now()} ${key}`);
    const againMs = left.shift();
    return againMs === undefined ? Promise.resolve() : Promise.reject(new NotTold("no", againMs));
  };
  return { clock, attempts, box: new Outbox({ clock, tellsAll, send }) };
}

async function ended({ box, clock }: ReturnType<typeof outbox>): Promise<string | null> {
  const end = box.end(5_000);
  await clock.advance(5_000);
  return end;
}

test("tells one after the other and says at the end that all is told", async () => {
  const made = outbox([]);
  for (const key of ["a", "b"]) made.box.push(piece(key));
  expect(await ended(made)).toBeNull();
  expect(made.attempts).toEqual(["0 a", "0 b"]);
});

test("waits longer each time, and as long as the target asks for", async () => {
  const made = outbox([0, 0, 7_000]);
  made.box.push(piece("a"));
  await made.clock.advance(20_000);
  expect(made.attempts).toEqual(["0 a", "500 a", "1500 a", "8500 a"]);
  expect(await ended(made)).toBeNull();
});

test("what no attempt would change is tried once", async () => {
  const made = outbox([null]);
  made.box.push(piece("a"));
  expect(await ended(made)).toBe("no");
  expect(made.attempts).toHaveLength(1);
});

test("gives one piece up after eight attempts, and goes on with the next", async () => {
  const made = outbox([0, 0, 0, 0, 0, 0, 0, 0]);
  for (const key of ["a", "b"]) made.box.push(piece(key));
  await made.clock.advance(300_000);
  expect(made.attempts).toHaveLength(9);
  expect(await ended(made)).toBe("no");
});

describe("where the newest counts", () => {
  test("it replaces those of its rollout that wait, but no incident", async () => {
    const made = outbox([0], false);
    const pieces = [piece("a"), piece("b"), piece("stuck", "stuck"), piece("c"), piece("d")];
    for (const each of pieces) made.box.push(each);
    await made.clock.advance(1_000);
    expect(made.attempts).toEqual(["0 a", "500 stuck", "500 d"]);
    expect(await ended(made)).toBeNull();
  });

  test("what wasn't told doesn't matter once something newer is", async () => {
    const made = outbox([null], false);
    made.box.push(piece("a"));
    await made.clock.advance(10);
    made.box.push(piece("b"));
    expect(await ended(made)).toBeNull();
  });
});

describe("at the end", () => {
  test("a pause is cut short, for the last attempts", async () => {
    const made = outbox([0, 0, 0, 0, 0]);
    made.box.push(piece("a"));
    await made.clock.advance(7_600);
    const before = made.attempts.length;
    expect(await ended(made)).toBeNull();
    expect(made.attempts.slice(before)).toEqual(["7800 a"]);
  });

  test("a target that asks for more patience than there is isn't asked again", async () => {
    const made = outbox([60_000]);
    made.box.push(piece("a"));
    await made.clock.advance(100);
    const startMs = made.clock.now();
    const end = made.box.end(5_000);
    await made.clock.advance(0);
    expect(await end).toBe("no");
    expect(made.clock.now()).toBe(startMs);
    expect(made.attempts).toHaveLength(1);
  });

  test("one that hangs is left after that time, with all that waits", async () => {
    const clock = new VirtualClock();
    let stopped = false;
    const send = (_news: News, signal: AbortSignal): Promise<void> => {
      signal.addEventListener("abort", () => (stopped = true));
      return new Promise(() => undefined);
    };
    const box = new Outbox({ clock, tellsAll: true, send });
    for (const key of ["a", "b"]) box.push(piece(key));
    const end = box.end(5_000);
    await clock.advance(4_999);
    expect(stopped).toBe(false);
    await clock.advance(1);
    expect(await end).toBe("it didn't answer in time");
    expect(stopped).toBe(true);
  });

  test("nothing more is taken", async () => {
    const made = outbox([]);
    expect(await ended(made)).toBeNull();
    made.box.push(piece("late"));
    expect(made.attempts).toEqual([]);
  });
});

test("of more than fifty that wait the oldest goes, incidents stay, and the end says so", async () => {
  const made = outbox([0]);
  made.box.push(piece("first"));
  made.box.push(piece("stuck", "stuck"));
  for (let index = 0; index < 60; index += 1) made.box.push(piece(`p${index}`));
  await made.clock.advance(500);
  expect(made.attempts).toHaveLength(52);
  expect(made.attempts.slice(1, 4)).toEqual(["500 first", "500 stuck", "500 p11"]);
  expect(await ended(made)).toContain("too much happened at once");
});
