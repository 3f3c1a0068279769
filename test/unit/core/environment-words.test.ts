/** Commands in messages name the environment that the message is about. */

import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { withEnvironment, wordsFor } from "../../../infra/environment-words.ts";

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

/** Examples of `--help`, the demo and the comments of a new file stand in places of their own. */
const places = ["automation/demo/", "automation/init/template.ts"];

const names =
  "abort|approve|check|claim|deploy|doctor|down|env|history|init|logs|pin|preview|pulumi|" +
  "retire|rollback|status|switch|unlock|unpin|up|\\$\\{command";

/** Between two backticks, or an example of `--help`: those are pairs in brackets. */
const bare = new RegExp("(?<![`\\w/(])bluegreen (" + names + ")");
const example = /^\s*(\[["']|examples: |(["']).*\$\(bluegreen|"bluegreen claim green &&)/;

/** Known once the process knows its environment. */
const elsewhere = /^(return `next: |.*"bluegreen (abort|rollback)"|.*hint: bluegreen \$\{helpFor)/;

it("finds every command in backticks, in all texts", () => {
  const root = join(import.meta.dirname, "../../..");
  const files = globSync(["automation/**/*.ts", "infra/**/*.ts"], { cwd: root });
  const found = files
    .filter((file) => !places.some((place) => file.startsWith(place)))
    .flatMap((file) =>
      readFileSync(join(root, file), "utf8")
        .split("\n")
        .filter((line) => bare.test(line.replaceAll("\\`", "`")) && !example.test(line))
        .filter((line) => !elsewhere.test(line.trim()))
        .map((line) => `${file}: ${line.trim()}`),
    );
  expect(found).toEqual([]);
});
