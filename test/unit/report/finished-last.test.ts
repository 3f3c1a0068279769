/** The end of a command's events is its last line, so that a reader may stop there. */

import { expect, test } from "vitest";
import { finishedLast } from "../../../automation/command.ts";
import type { Event } from "../../../automation/event.ts";

const finished: Event = { kind: "Finished", sentence: "green serves 2", exitCode: 0 };
const noted: Event = { kind: "Noted", sentence: "Pulumi.dev.yaml now says green" };

test("what is told after a command has finished comes before that it has", () => {
  const told: Event[] = [];
  const { reporter, end } = finishedLast((event) => told.push(event));
  reporter.on(finished);
  reporter.on(noted);
  end();
  expect(told).toEqual([noted, finished]);
});

test("a command that hasn't said how it finished ends without a line", () => {
  const told: Event[] = [];
  const { reporter, end } = finishedLast((event) => told.push(event));
  reporter.on(noted);
  end();
  expect(told).toEqual([noted]);
});

test("a command that fails after it finished hasn't finished", () => {
  const told: Event[] = [];
  const { reporter } = finishedLast((event) => told.push(event));
  reporter.on(finished);
  reporter.on(noted);
  expect(told).toEqual([noted]);
});
