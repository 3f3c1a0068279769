import { describe, expect, test } from "vitest";
import { usersAlone } from "../../../automation/rollout/users.ts";
import type { UsersSoFar } from "../../../automation/rollout/users.ts";

type Pair = readonly [bad: number, total: number];
type Look = readonly [counted: Pair, own: Pair, unanswered?: Pair];

const pair = ([bad, total]: Pair) => ({ bad, total });

/** Users after each look, as bad ones and all. */
function after(...looks: readonly Look[]): readonly Pair[] {
  let sofar: UsersSoFar | null = null;
  return looks.map(([counted, own, unanswered = [0, 0]]) => {
    const routed = { sure: pair(own), unsure: pair(unanswered) };
    sofar = usersAlone(sofar, { counted: pair(counted), own: routed });
    return [sofar.users.bad, sofar.users.total];
  });
}

test("users' requests are what the router counts more, without our own", () => {
  const users = after(
    [
      [5, 100],
      [0, 40],
    ],
    [
      [7, 130],
      [1, 60],
    ],
    [
      [7, 150],
      [1, 80],
    ],
  );
  expect(users).toEqual([
    [0, 0],
    [1, 10],
    [1, 10],
  ]);
});

test("our own that the router counts late are never those of users", () => {
  const users = after(
    [
      [0, 0],
      [0, 0],
    ],
    [
      [0, 5],
      [20, 20],
    ],
    [
      [20, 25],
      [20, 20],
    ],
  );
  expect(users).toEqual([
    [0, 0],
    [0, 0],
    [0, 5],
  ]);
});

test("a router that counts from zero again takes nothing away", () => {
  const users = after(
    [
      [0, 900],
      [0, 0],
    ],
    [
      [0, 920],
      [0, 10],
    ],
    [
      [2, 8],
      [0, 13],
    ],
  );
  expect(users).toEqual([
    [0, 0],
    [0, 10],
    [2, 15],
  ]);
});

describe("our own requests that nobody answered", () => {
  const looks = [0, 1, 2, 3, 4, 5, 6, 7];

  test("take nothing off users for long, where the router doesn't count them", () => {
    const users = after(
      ...looks.map((at): Look => [
        [2 * at, 10 * at],
        [0, 0],
        [20 * at, 20 * at],
      ]),
    );
    expect(users[5]).toEqual([0, 0]);
    expect(users.slice(6)).toEqual([
      [2, 10],
      [4, 20],
    ]);
  });

  test("are never users' errors, where the router counts them at once or a look late", () => {
    for (const late of [0, 1]) {
      const users = after(
        ...looks.map((at): Look => {
          const counted = 20 * Math.max(0, at - late);
          return [
            [counted, counted + 10 * at],
            [0, 0],
            [20 * at, 20 * at],
          ];
        }),
      );
      expect(users.map(([bad]) => bad)).toEqual(looks.map(() => 0));
      expect(users.at(-1)?.[1]).toBeGreaterThan(late === 0 ? 69 : 49);
    }
  });

  test("that broke off are requests which the router counts, and errors which it may not", () => {
    const users = after(
      ...looks.map((at): Look => [
        [3 * at, 30 * at],
        [0, 20 * at],
        [20 * at, 0],
      ]),
    );
    expect(users.at(-1)).toEqual([12, 70]);
  });
});

test("what a router hadn't counted when it began anew isn't waited for", () => {
  const users = after(
    [
      [0, 900],
      [0, 0],
    ],
    [
      [0, 900],
      [5, 20],
    ],
    [
      [0, 0],
      [5, 20],
    ],
    [
      [2, 10],
      [5, 20],
    ],
  );
  expect(users.at(-1)).toEqual([2, 10]);
});
