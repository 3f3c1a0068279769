/** Commands in messages name the environment that the message is about. */

import { describe, expect, it } from "vitest";
import { withEnvironment, wordsFor } from "../../../automation/report/environment-words.ts";

describe("a command in a message", () => {
  it.each([
    ["run `bluegreen up`", "run `bluegreen up -s prod`"],
    ["`bluegreen down --stop-serving` does", "`bluegreen down -s prod --stop-serving` does"],
    [
      "`bluegreen logs green`, `bluegreen abort`",
      "`bluegreen logs -s prod green`, `bluegreen abort -s prod`",
    ],
  ])("%s", (text, expected) => {
    expect(withEnvironment(text, "prod")).toBe(expected);
  });

  it.each([
    "`bluegreen init -s other --yes`",
    "`bluegreen pulumi -- up --stack prod-green`",
    "`bluegreen --help`",
    "`bluegreen demo`",
    "bluegreen up, without quotes",
  ])("stays: %s", (text) => {
    expect(withEnvironment(text, "prod")).toBe(text);
  });

  it("stays as it is in the default environment", () => {
    expect(withEnvironment("run `bluegreen up`", "dev")).toBe("run `bluegreen up`");
  });
});

it("completes every text of an event and leaves the rest alone", () => {
  const event = {
    kind: "Failed",
    hint: "`bluegreen up`",
    details: ["`bluegreen status`"],
    ms: 3,
    cause: null,
  };
  expect(wordsFor(event, "prod")).toEqual({
    kind: "Failed",
    hint: "`bluegreen up -s prod`",
    details: ["`bluegreen status -s prod`"],
    ms: 3,
    cause: null,
  });
});
