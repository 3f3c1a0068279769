import { expect, test } from "vitest";
import { usersAlone } from "../../../automation/rollout/users.ts";
import type { UsersSeen, UsersSoFar } from "../../../automation/rollout/users.ts";

type Pair = readonly [bad: number, total: number];

/** Users after each look, as bad ones and all. */
function after(...looks: readonly (readonly [counted: Pair, own: Pair])[]): readonly Pair[] {
  let sofar: UsersSoFar | null = null;
  return looks.map(([counted, own]) => {
    const [one, other] = [counted, own].map(([bad, total]) => ({ bad, total }));
    sofar = usersAlone(sofar, { counted: one, own: other } as UsersSeen);
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
