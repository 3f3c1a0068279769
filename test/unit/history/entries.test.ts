import { describe, expect, test } from "vitest";
import { directEntry, entriesOf, parseUpdates } from "../../../automation/history/entries.ts";
import { renderHistory } from "../../../automation/history/render.ts";
import { readSignature, signMessage } from "../../../automation/history/signature.ts";
import { describeTakeOver } from "../../../automation/rollout/action.ts";
import { paint } from "../../../automation/report/paint.ts";

function update(message: string, change: object = {}) {
  return {
    kind: "update",
    startTime: "2030-05-01T12:00:00.000Z",
    endTime: "2030-05-01T12:00:02.000Z",
    message,
    environment: { "exec.kind": "auto.inline" },
    config: { "bluegreen:activeColor": { value: "green", secret: false } },
    result: "succeeded",
    resourceChanges: { same: 3, update: 1 },
    ...change,
  };
}

function entries(...updates: readonly object[]) {
  return entriesOf(parseUpdates(JSON.stringify(updates)));
}

describe("an entry", () => {
  test("says what a switch moved, by the claim of its rollout", () => {
    const [switched] = entries(
      update("switch (r-20300501-ab12) [ann on build-3]"),
      update("claim green for 2.1 (r-20300501-ab12) [ann on build-3]"),
    );
    expect(switched).toEqual({
      at: "2030-05-01T12:00:00.000Z",
      kind: "traffic",
      what: "switch to green (2.1)",
      result: "succeeded",
      ms: 2_000,
      who: "ann on build-3",
      by: "bluegreen",
      rolloutId: "r-20300501-ab12",
    });
  });

  test.each(["shift to blue 90 / green 10", "roll back: errors", "stop serving"])(
    "counts `%s` as traffic",
    (message) => {
      expect(entries(update(message))[0]?.kind).toBe("traffic");
    },
  );

  test("that changed nothing is other, and so are previews and refreshes", () => {
    expect(entries(update("keep", { resourceChanges: { same: 4 } }))[0]?.kind).toBe("other");
    expect(entries(update("", { kind: "preview" }))[0]?.kind).toBe("other");
  });

  test("that failed is told though nothing is known to have changed", () => {
    const failed = { result: "failed", resourceChanges: null, environment: {} };
    expect(entries(update("", failed))[0]).toMatchObject({ kind: "record", result: "failed" });
  });

  test("of a hand-run update says what the file asked for, and whose commit it was", () => {
    const environment = { "exec.kind": "cli", "git.author": "Bo" };
    expect(entries(update("Fix typo\n\nmore", { environment }))[0]).toMatchObject({
      by: "hand",
      who: "Bo",
      what: "pulumi up by hand, the file says green: Fix typo",
    });
  });

  test("that goes on has no duration", () => {
    const running = { result: "in-progress", endTime: undefined };
    expect(entries(update("hold", running))[0]).toMatchObject({ result: "in-progress", ms: null });
  });
});

test("what isn't a history is refused in our words", () => {
  expect(() => parseUpdates('{"not": "a list"}')).toThrow("the engine's history can't be read");
});

test("the table marks traffic, and shows no control characters", () => {
  const text = renderHistory(
    entries(
      update("roll back: \u001b[2Jbad [ann on build-3]"),
      update("hold", { result: "failed" }),
    ),
    paint(false),
  );
  expect(text.split("\n")).toEqual([
    "2030-05-01 12:00:00Z  *  roll back: \\u001b[2Jbad  ok         2 s  ann on build-3",
    "2030-05-01 12:00:00Z     hold                     failed     2 s  unknown",
  ]);
});

describe("a signature", () => {
  test("is read back from the message that it was put on", () => {
    const message = signMessage("roll back: list [1] is empty", { user: "a[n]n", host: "b-3" });
    expect(readSignature(message)).toEqual({
      text: "roll back: list [1] is empty",
      who: "a n n on b-3",
    });
  });

  test("is absent where nobody signed", () => {
    expect(readSignature("Fix [a] typo")).toEqual({ text: "Fix [a] typo", who: null });
  });
});

describe("a direct rollback", () => {
  const at = "2030-05-01T12:00:01.500Z";
  const mark = { generation: 5, at, by: "ann on build-3", reason: "orders fail", pin: null };
  const among = (...updates: readonly object[]) =>
    directEntry(mark, parseUpdates(JSON.stringify(updates)));
  const after = { startTime: "2030-05-01T12:00:03.000Z", endTime: "2030-05-01T12:00:04.000Z" };

  test("is told of by what it left in the router, until an update has taken it over", () => {
    const direct = {
      at,
      kind: "traffic",
      who: "ann on build-3",
      what: "roll back directly: orders fail",
    };
    expect(among()).toMatchObject(direct);
    expect(among(update("shift to blue 50 / green 50"))).toMatchObject(direct);
    expect(among(update("a hand-run update says nothing", after))).toMatchObject(direct);
    expect(among(update(`${describeTakeOver(mark)} [bob on ci]`, after))).toBeNull();
  });

  test("isn't told of an engine's own rollback, nor of a switch that was set back", () => {
    expect(among(update("roll back: orders fail"))).toBeNull();
    expect(directEntry({ ...mark, setBack: true }, [])).toBeNull();
  });

  test("moves traffic in the update that takes it over, whatever else that does", () => {
    const taken = describeTakeOver(mark);
    const [switched, claimed] = entries(
      update("switch (r-20300501-ab12) [bob on ci]"),
      update(`${taken}; claim green for 2.1 (r-20300501-ab12) [bob on ci]`),
    );
    expect(switched?.what).toBe("switch to green (2.1)");
    expect(claimed).toMatchObject({ kind: "traffic", rolloutId: "r-20300501-ab12" });
    expect(claimed?.what).toContain("a direct rollback by ann on build-3 at 2030-05-01");
  });
});
