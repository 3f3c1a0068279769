/** The settings of database migrations, and what must fit together among them. */

import { describe, expect, test } from "vitest";
import { parseSettings } from "../../../infra/config.ts";
import { absolutePaths } from "../../../infra/config/absolute-paths.ts";
import { refusalOf } from "./refusal.ts";

const base = { environment: "dev", local: JSON.stringify({ command: ["app", "{port}"] }) };
const works = { from: 1, to: 3 };
const argv = ["./migrate"];

function raw(migrations: object): Record<string, string> {
  return { ...base, migrations: JSON.stringify(migrations) };
}

test("are complete with their defaults, and SQL files start from the project's folder", () => {
  const given = { works, expand: { to: 2, argv, sql: ["db/2.sql"] }, contract: { to: 3, argv } };
  const { migrations } = absolutePaths(parseSettings(raw(given)), "/project");
  expect(migrations).toEqual({
    works,
    expand: { to: 2, argv, sql: ["/project/db/2.sql"], timeoutMs: 600_000, env: {} },
    contract: { to: 3, argv, timeoutMs: 600_000, env: {} },
    refuseDestructive: false,
  });
});

describe("are refused where", () => {
  test.each([
    ["a step has no range", { expand: { to: 2, argv } }, /migrations\.works.+is missing/],
    ["the range is empty", { works: { from: 3, to: 2 } }, /migrations\.works\.to/],
    [
      "expand leaves it",
      { works, expand: { to: 4, argv } },
      /migrations\.expand\.to.+doesn't work/,
    ],
    ["contract leaves it", { works, contract: { to: 9, argv } }, /migrations\.contract\.to/],
    [
      "contract is no later than expand",
      { works, expand: { to: 2, argv }, contract: { to: 2, argv } },
      /migrations\.contract\.to.+isn't above/,
    ],
    [
      "expand may outlast the claim",
      { works, expand: { to: 2, argv, timeout: "45m" } },
      /^bluegreen:claim .+ends before .+expand 45m1s500ms.+migrations\.expand\.timeout/,
    ],
    [
      "a program has no words",
      { works, contract: { to: 3, argv: [] } },
      /migrations\.contract\.argv/,
    ],
    [
      "a range is empty, beside a program without words",
      { works: { from: 5, to: 2 }, contract: { to: 3, argv: [] } },
      /works\.to = 2: is below the lowest.*contract\.argv|contract\.argv.*works\.to = 2: is below/,
    ],
    ["a version isn't whole", { works: { from: 1.5, to: 2 } }, /migrations\.works\.from/],
  ])("%s", (_what, migrations, says) => {
    const { details } = refusalOf(() => parseSettings(raw(migrations)));
    expect(details.join(" ")).toMatch(says);
  });
});
