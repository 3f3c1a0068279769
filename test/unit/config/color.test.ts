/** The settings of a color component of the user's own. */

import { describe, expect, test } from "vitest";
import { BlueGreenError } from "../../../infra/errors.ts";
import { opaqueSecret, parseSettings, parseSettingsFile } from "../../../infra/config.ts";
import { absolutePaths } from "../../../infra/config/absolute-paths.ts";

const file = "./infra/shop-color.ts";

function parse(color: unknown, more: Record<string, string> = {}) {
  return parseSettings({ environment: "dev", color: JSON.stringify(color), ...more });
}

function detailsOf(work: () => unknown): readonly string[] {
  try {
    work();
    return [];
  } catch (error) {
    if (error instanceof BlueGreenError) return error.details;
    throw error;
  }
}

describe("a color component of your own", () => {
  test("needs no more than its file, and no command of the platform", () => {
    const { color } = parse({ file });
    expect(color).toEqual({ file, with: {}, secrets: {}, size: 2, startMs: 120_000 });
    expect(detailsOf(() => parse({ file }, { platform: "proxy" }))).toEqual([]);
  });

  test("gets any data, as it is written", () => {
    const data = { zones: ["a", "b"], sizes: { web: 2, ratio: 0.5 }, spot: false, none: null };
    expect(parse({ file, with: data }).color.with).toEqual(data);
  });

  test("has its file relative to the project", () => {
    expect(absolutePaths(parse({ file }), "/srv/shop").color.file).toBe(
      "/srv/shop/infra/shop-color.ts",
    );
    const none = parseSettings({ environment: "dev", local: '{"command":["app"]}' });
    expect(absolutePaths(none, "/srv/shop").color.file).toBeNull();
  });

  test("may have secrets in `secrets`, which stay closed, and nowhere else", () => {
    const text = (color: string) =>
      `config:\n  bluegreen:environment: dev\n  bluegreen:color: { file: "${file}", ${color} }\n`;
    const secret = "{ secure: v1:abc }";
    const read = (color: string) => parseSettingsFile(text(color), "Pulumi.dev.yaml");
    expect(read(`secrets: { TOKEN: ${secret} }`).color.secrets).toEqual({ TOKEN: opaqueSecret });
    expect(detailsOf(() => read(`with: { token: ${secret} }`))).toEqual([
      expect.stringMatching(/^bluegreen:color\.with\.token.*is secret.*`secrets` can be secret$/),
    ]);
  });

  test("is refused what the engine would read as something else", () => {
    const text = `config:\n  bluegreen:environment: dev\n  bluegreen:color:\n    file: ${file}\n    with: { since: 2026-01-31 }\n`;
    expect(detailsOf(() => parseSettingsFile(text, "Pulumi.dev.yaml"))).toEqual([
      expect.stringMatching(/^bluegreen:color\.with\.since.*a number or a date to the engine/),
    ]);
  });

  test.each([
    [{ file: "./shop.py" }, {}, /^bluegreen:color\.file = "\.\/shop\.py": .*\.ts, \.mts/],
    [{ file, size: 0 }, {}, /^bluegreen:color\.size = 0: is less than 1/],
    [{ file, wiht: {} }, {}, /^bluegreen:color\.wiht: is an unknown key; write .*color\.with/],
    [{ file, start: "30m" }, {}, /^bluegreen:claim .*ends before .*bluegreen:color\.start/],
    [
      { file },
      { given: '{"blue":{"addresses":["10.0.0.1:80"]},"green":{"addresses":["10.0.0.2:80"]}}' },
      /^bluegreen:color\.file.*is for no color/,
    ],
    [
      { with: { zone: "a" } },
      { local: '{"command":["app"]}' },
      /^bluegreen:color\.file: is missing, so nobody gets bluegreen:color\.with/,
    ],
  ])("is refused as %j %j", (color, more, line) => {
    expect(detailsOf(() => parse(color, more))).toEqual([expect.stringMatching(line)]);
  });

  test("is reached by a router elsewhere, which processes here aren't", () => {
    const proxy = '{"ssh":{"host":"a"},"host":"::","dir":"/a","colors":{"kind":"process"}}';
    const remote = { platform: "proxy", proxy };
    expect(detailsOf(() => parse({ file }, remote))).toEqual([]);
    const given = '{"blue":{"addresses":["10.0.0.1:80"]},"green":{"addresses":["10.0.0.2:80"]}}';
    expect(detailsOf(() => parse({}, { ...remote, given }))).toEqual([]);
    const commanded = { ...remote, proxy: proxy.replace('ss"', 'ss","command":["app"]') };
    expect(detailsOf(() => parse({}, commanded))).toEqual([
      expect.stringMatching(/^bluegreen:proxy\.colors\.kind.*a router elsewhere can't reach/),
    ]);
  });
});
