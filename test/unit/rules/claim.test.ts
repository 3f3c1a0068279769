/** Who may fill a color: claims, deadlines, owners who are gone. */

import { describe, expect, test } from "vitest";
import { claimColor, claimedBy, isUnfinished, liveClaim } from "../../../infra/rules/claim.ts";
import { byHandId } from "../../../infra/rules/by-hand.ts";
import type { RouterRecord } from "../../../infra/model.ts";
import {
  alice,
  bob,
  claimAsked,
  claimOf,
  inMinutes,
  nowMs,
  outputsOf,
  recordOf,
  rolloutOf,
  viewOf,
} from "./views.ts";

const filling = { claim: claimOf(), rollout: rolloutOf("provision") };
const expired = claimOf({ until: inMinutes(-1) });

describe("a new claim", () => {
  test("reserves the idle color and opens a rollout in provision", () => {
    const record = claimColor(viewOf(), claimAsked());
    expect(record.claim).toMatchObject(claimOf({ rolloutId: "r-3" }));
    expect(record.rollout).toMatchObject({
      id: "r-3",
      phase: "provision",
      color: "green",
      former: "blue",
      version: "3",
      digest: null,
    });
  });

  test("gives up the rollback window of the color that it will overwrite", () => {
    const previousRelease = { color: "green", release: outputsOf("green", "2").release } as const;
    const record = { previousRelease, rollbackUntil: inMinutes(5), rollout: rolloutOf("hold") };
    const next = claimColor(viewOf({ record }), claimAsked());
    expect([next.previousRelease, next.rollbackUntil]).toEqual([null, null]);
  });

  test("for a switch takes the release that is there and keeps the window", () => {
    const record = { rollbackUntil: inMinutes(5) };
    const next = claimColor(viewOf({ record }), claimAsked({ rollout: "switch" }));
    expect(next.rollout).toMatchObject({ phase: "check", version: "2", digest: "sha-2" });
    expect(next.rollbackUntil).toBe(inMinutes(5));
  });

  test("is refused while another is live, and names its owner", () => {
    expect(() => claimColor(viewOf({ record: filling }), claimAsked({ owner: bob }))).toThrow(
      expect.objectContaining({
        code: "CLAIMED",
        message: expect.stringContaining("alice on ci-1 (process 11)") as string,
      }),
    );
  });

  test("takes the place of a live one whose owner is known to be dead", () => {
    const asked = claimAsked({ owner: bob, replaces: alice });
    expect(claimColor(viewOf({ record: filling }), asked).rollout?.id).toBe("r-3");
  });

  test("takes the place of one that ran out before its switch", () => {
    const record = { claim: expired, rollout: rolloutOf("check") };
    expect(claimColor(viewOf({ record }), claimAsked()).rollout?.id).toBe("r-3");
  });

  test.each(["shift", "bake"] as const)("waits for a rollout that was left in its %s", (phase) => {
    const record = { claim: expired, rollout: rolloutOf(phase) };
    expect(() => claimColor(viewOf({ record }), claimAsked())).toThrow(
      expect.objectContaining({ code: "ROLLOUT_OPEN" }),
    );
  });

  test("is possible in the hold of the rollout before", () => {
    const record = { activeColor: "green", rollout: rolloutOf("hold") } as const;
    const next = claimColor(viewOf({ record }), claimAsked({ color: "blue" }));
    expect(next.rollout).toMatchObject({ color: "blue", former: "green" });
  });

  test("never covers a color with traffic, one that is retiring, or an unknown one", () => {
    const code = (color: "blue" | "green", record: Partial<RouterRecord>, green = true): unknown =>
      caught(() =>
        claimColor(
          viewOf({ record, colors: green ? {} : { green: null } }),
          claimAsked({ color, rollout: color === "green" && !green ? "switch" : "deploy" }),
        ),
      );
    expect(code("blue", {})).toBe("COLOR_SERVES");
    expect(code("green", { retiring: "green" })).toBe("COLOR_RETIRING");
    expect(code("green", {}, false)).toBe("COLOR_EMPTY");
  });
});

test.each([
  ["provision", "blue", "`bluegreen abort`"],
  ["check", null, "`bluegreen abort`"],
  ["gate", "blue", "`bluegreen abort`"],
  ["shift", "blue", "`bluegreen rollback`"],
  ["bake", "blue", "`bluegreen rollback`"],
  ["bake", null, "nothing to go back to"],
] as const)("who meets a claim in its %s from %s is told what ends it", (phase, former, way) => {
  const { hint } = claimedBy(claimOf(), rolloutOf(phase, { former }));
  expect(hint).toContain(way);
});

function caught(work: () => unknown): unknown {
  try {
    work();
    return "none";
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}

describe("a takeover of the same rollout", () => {
  const mine = claimAsked({ rolloutId: "r-2", version: "2" });

  test("changes the owner and the deadline, never the phase or the color", () => {
    const record = { claim: expired, rollout: rolloutOf("check") };
    const next = claimColor(viewOf({ record }), { ...mine, owner: bob, color: "blue" });
    expect(next.claim).toEqual(claimOf({ owner: bob }));
    expect(next.rollout).toEqual(rolloutOf("check"));
  });

  test("is for its own owner, for the successor of a dead one, and for anybody at the gate", () => {
    const atGate = { claim: claimOf({ owner: null }), rollout: rolloutOf("gate") };
    expect(claimColor(viewOf({ record: filling }), mine).claim?.owner).toEqual(alice);
    const successor = { ...mine, owner: bob, replaces: alice };
    expect(claimColor(viewOf({ record: filling }), successor).claim?.owner).toEqual(bob);
    const anybody = { ...mine, owner: bob };
    expect(claimColor(viewOf({ record: atGate }), anybody).claim?.owner).toEqual(bob);
  });

  test("changes nothing of one that has come to its hold meanwhile", () => {
    const record = { claim: null, rollout: rolloutOf("hold") };
    expect(claimColor(viewOf({ record }), { ...mine, owner: bob })).toEqual(recordOf(record));
  });

  test("is refused while the owner may be at work", () => {
    const other = { ...mine, owner: bob };
    expect(caught(() => claimColor(viewOf({ record: filling }), other))).toBe("CLAIMED");
  });

  test("of a color that may still be filled isn't possible even after the deadline", () => {
    const record = { claim: expired, rollout: rolloutOf("provision") };
    expect(caught(() => claimColor(viewOf({ record }), { ...mine, owner: bob }))).toBe("CLAIMED");
  });
});

test("a claim is live until its deadline, and only with a rollout before its hold", () => {
  expect(liveClaim(recordOf(filling), nowMs)).toEqual(claimOf());
  const atDeadline = Date.parse(inMinutes(30));
  expect(liveClaim(recordOf(filling), atDeadline)).toBeNull();
  expect(liveClaim(recordOf({ ...filling, rollout: null }), nowMs)).toBeNull();
  expect(liveClaim(recordOf({ ...filling, rollout: rolloutOf("hold") }), nowMs)).toBeNull();
});

describe("a color is unfinished", () => {
  const before = outputsOf("green", "1");
  const after = outputsOf("green", "2");

  test("from the claim until its stack names that rollout", () => {
    expect(isUnfinished(recordOf(filling), "green", before)).toBe(true);
    expect(isUnfinished(recordOf(filling), "green", null)).toBe(true);
    expect(isUnfinished(recordOf(filling), "green", after)).toBe(false);
    expect(isUnfinished(recordOf(filling), "blue", before)).toBe(false);
  });

  test("also when that rollout was ended, for ever", () => {
    const ended = recordOf({ claim: claimOf({ owner: null, until: inMinutes(-60) }) });
    expect(isUnfinished(ended, "green", before)).toBe(true);
    expect(isUnfinished(ended, "green", after)).toBe(false);
  });

  test("not once its rollout has attached it, and not by the claim of a switch", () => {
    const attached = recordOf({ claim: claimOf(), rollout: rolloutOf("check") });
    expect(isUnfinished(attached, "green", after)).toBe(false);
    const switching = rolloutOf("check", { kind: "switch", id: "r-9" });
    const record = recordOf({ claim: claimOf({ rolloutId: "r-9" }), rollout: switching });
    expect(isUnfinished(record, "green", after)).toBe(false);
  });

  test("until a person filled it by hand under this very by-hand claim", () => {
    const [earlier, id] = [byHandId(nowMs - 1), byHandId(nowMs)];
    const claim = claimOf({ rolloutId: id });
    const record = recordOf({ claim, rollout: rolloutOf("provision", { id }) });
    const filledUnder = (rolloutId: string) => outputsOf("green", "2", { rolloutId });
    expect(isUnfinished(record, "green", filledUnder(earlier))).toBe(true);
    expect(isUnfinished(record, "green", filledUnder(id))).toBe(false);
  });
});

describe("what a person has filled by hand", () => {
  const id = byHandId(nowMs);
  const given = {
    record: {
      claim: claimOf({ owner: bob, rolloutId: id }),
      rollout: rolloutOf("provision", { id }),
    },
    colors: { green: outputsOf("green", "2", { rolloutId: id }) },
  };
  const unfilled = { ...given, colors: { green: outputsOf("green", "1") } };

  test("may be taken by anybody's switch", () => {
    const record = claimColor(viewOf(given), claimAsked({ rollout: "switch" }));
    expect(record).toMatchObject({
      claim: { rolloutId: "r-3", owner: alice },
      rollout: { id: "r-3", kind: "switch", phase: "check", version: "2", digest: "sha-2" },
    });
  });

  test("isn't filled with anything else", () => {
    const asked = claimAsked({ rollout: "deploy" });
    expect(() => claimColor(viewOf(given), asked)).toThrow(
      expect.objectContaining({ code: "CLAIMED" }),
    );
  });

  test("is nobody's before it is filled; whoever asks hears how it goes on", () => {
    expect(() => claimColor(viewOf(unfilled), claimAsked({ rollout: "switch" }))).toThrow(
      expect.objectContaining({
        code: "CLAIMED",
        hint: "`bluegreen switch green` goes on once it is filled, or end it with `bluegreen abort`",
      }),
    );
  });
});
