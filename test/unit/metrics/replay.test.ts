/** Recorded bakes of real rollouts, judged again as they were and with other settings. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { withChanges } from "../../../automation/metrics/changed-settings.ts";
import { eventsIn, readRecording, recordingIn } from "../../../automation/metrics/recording.ts";
import type { Recording } from "../../../automation/metrics/recording.ts";
import { replay } from "../../../automation/metrics/replay.ts";
import { refusalOf } from "../config/refusal.ts";

/**
 * Two releases of one application: one as quick as its former, one that answers in 60 ms. And one of
 * another, which broke 9 s after its switch: its bake of 4 s went on, as a hook ran beside it.
 */
const logs = ["healthy-release", "slow-release", "hooked-release"] as const;

function textOf(log: (typeof logs)[number]): string {
  return readFileSync(join(import.meta.dirname, `${log}.ndjson`), "utf8");
}

function recordingOf(log: (typeof logs)[number]): Recording {
  return recordingIn(eventsIn(textOf(log))) ?? expect.fail(`${log} holds no bake`);
}

function replayed(log: (typeof logs)[number], ...changes: readonly string[]) {
  const recording = recordingOf(log);
  return replay(recording, withChanges(recording.grounds, changes));
}

test.each(logs)("%s: the same settings give the same verdict and sentence", (log) => {
  const { ended } = recordingOf(log);
  const { verdict, sentence } = replayed(log);
  expect(verdict).toBe(ended?.verdict);
  // How many requests were our own isn't judged.
  expect(ended?.sentence.replace(/; \d+ of the \d+ requests were synthetic$/, "")).toBe(sentence);
});

describe("a bake that lasted longer than its time, as a hook ran beside it", () => {
  test("is judged to its last look", () => {
    const { looks } = recordingOf("hooked-release");
    expect(replayed("hooked-release")).toMatchObject({ looks: looks.length, atMs: 9_941 });
  });

  test.each(["bake.duration=2s", "bake.duration=6s", "bake.duration=1m"])(
    "is judged to its last look with %s, too",
    (change) => {
      expect(replayed("hooked-release", change)).toMatchObject({ verdict: "fail", atMs: 9_941 });
    },
  );

  test("ends at the first look after the hook where it would have been shorter", () => {
    const recording = endedAt(6_438);
    const shorter = withChanges(recording.grounds, ["bake.duration=2s"]);
    expect(replay(recording, shorter)).toMatchObject({ verdict: "pass", atMs: 6_995 });
    const withoutHooks = { ...recording, besideHooks: 0 };
    expect(replay(withoutHooks, shorter)).toMatchObject({ verdict: "pass", atMs: 2_789 });
  });

  /** The same bake as if its hook had ended right after this look. */
  function endedAt(atMs: number): Recording {
    const events = eventsIn(textOf("hooked-release"));
    const hooked = events.findIndex(({ kind }) => kind === "Hooked");
    const moved = events.toSpliced(hooked, 1);
    const look = moved.findIndex((event) => event.kind === "Judged" && event.atMs === atMs);
    const [event = expect.fail("no hook")] = events.slice(hooked);
    return recordingIn(moved.toSpliced(look + 1, 0, event)) ?? expect.fail("no bake");
  }
});

test("a bake that another run took up late is judged, though its time was over", () => {
  const recording = recordingOf("healthy-release");
  const [first = expect.fail("no look")] = recording.looks;
  const late = { ...recording, looks: [{ ...first, atMs: 90_000 }] };
  expect(replay(late, late.grounds)).toMatchObject({ atMs: 90_000, looks: 1 });
});

test("what became of requests of our own is judged again where a log has it", () => {
  const recording = recordingOf("healthy-release");
  const looks = recording.looks.map((look) => ({
    ...look,
    seen: look.seen.map((seen) => (seen.traffic ? { ...seen, own: [40, 40] as const } : seen)),
  }));
  const { verdict, sentence } = replay({ ...recording, looks }, recording.grounds);
  expect(verdict).toBe("fail");
  expect(sentence).toMatch(/^own requests: 40 failures in 40 requests/);
});

describe("other settings", () => {
  test("a limit above what it took lets the slow release go on, to the end of the log", () => {
    const { verdict, sentence } = replayed("slow-release", "bake.latency.ignoreBelow=200ms");
    expect(verdict).toBe("inconclusive");
    expect(sentence).toMatch(/^the log ends 12s before the bake does; until then: /);
  });

  test("a shorter bake would have ended before", () => {
    const { verdict, atMs } = replayed("healthy-release", "bake.duration=16s");
    expect(verdict).toBe("pass");
    expect(atMs).toBeLessThan(17_000);
  });

  test("a metric's own limit decides", () => {
    const { verdict, sentence } = replayed("healthy-release", "metrics.perMinute.ofFormer=2");
    expect(verdict).toBe("fail");
    expect(sentence).toMatch(/^perMinute: 3 readings in a row beyond at least/);
  });

  test("nothing but what was asked for changes", () => {
    const { grounds } = recordingOf("healthy-release");
    const changed = withChanges(grounds, ["bake.alpha=0.2", "metrics.orders.budget=0.02"]);
    expect(changed).toEqual({
      ...grounds,
      bake: { ...grounds.bake, alpha: 0.2 },
      metrics: grounds.metrics.map((metric) =>
        metric.name === "orders" ? { ...metric, budget: 0.02 } : metric,
      ),
    });
  });

  test.each([
    ["bake.alpha", "isn't KEY=VALUE"],
    ["bake.alpha=7", "can't be"],
    ["bake.alpha=low", "can't be"],
    ["bake.nothing=1", "can't be"],
    ["bake.latency=1", "can't be"],
    ["bake.interval=3s", "has no effect on a replay"],
    ["metrics.orders.timeout=3s", "has no effect on a replay"],
    ["metrics.none.upper=3", "metrics.orders.KEY"],
    ["drain=3s", "names none of bake.KEY"],
  ])("%s is refused", (change, why) => {
    const { grounds } = recordingOf("healthy-release");
    const error = refusalOf(() => withChanges(grounds, [change]));
    expect(error.code).toBe("USAGE");
    expect(error.message).toContain(why);
  });
});

describe("a folder of logs", () => {
  const folders: string[] = [];

  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  function folderWith(files: Readonly<Record<string, string>>): string {
    const folder = mkdtempSync(join(tmpdir(), "logs-"));
    folders.push(folder);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return folder;
  }

  test("gives the log of a rollout, also where its last line was cut short", () => {
    const text = `${textOf("slow-release")}{"schema":1,"at":"2026-`;
    const { looks } = readRecording(folderWith({ "r-1.ndjson": text }), "r-1");
    expect(looks).toEqual(recordingOf("slow-release").looks);
  });

  test("names the newest where that log isn't there", () => {
    const folder = folderWith({ "r-1.ndjson": "", "r-2.ndjson": "" });
    const error = refusalOf(() => readRecording(folder, "../r-1"));
    expect(error).toMatchObject({ code: "USAGE", hint: "the newest: r-2, r-1" });
    expect(refusalOf(() => readRecording(join(folder, "none"), "r-1")).code).toBe("USAGE");
  });

  test("says so where a log holds no bake, or is of a newer version", () => {
    const folder = folderWith({ "r-1.ndjson": "\n", "r-2.ndjson": '{"schema":99,"event":{}}\n' });
    expect(refusalOf(() => readRecording(folder, "r-1")).message).toContain("holds no bake");
    expect(refusalOf(() => readRecording(folder, "r-2")).code).toBe("RECORD_NEWER");
  });
});
