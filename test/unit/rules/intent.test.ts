/** When the settings file's `activeColor` is a wish. */

import { expect, test } from "vitest";
import type { Declared, Intent } from "../../../infra/rules/intent.ts";
import { readIntent } from "../../../infra/rules/intent.ts";
import type { Color, RouterRecord } from "../../../infra/model.ts";
import { recordOf } from "./views.ts";

function read(file: Partial<Declared>, record: Partial<RouterRecord>): Intent {
  const declared = { activeColor: null, generation: null, ...file };
  return readIntent(declared, recordOf(record), "Pulumi.dev.yaml");
}

test("a file that names no color wishes nothing, whatever the router does", () => {
  expect(read({}, { declared: "blue" })).toEqual({ kind: "none", warning: null });
});

test("a file that says none stops nothing while a color serves, and says what would", () => {
  const none = { activeColor: "none", generation: 2 } as const;
  expect(read(none, { declared: "blue" })).toEqual({
    kind: "none",
    warning:
      "Pulumi.dev.yaml says none, which stops nothing: traffic stays on blue (generation 3); " +
      "take it off line with `bluegreen down --stop-serving`",
  });
  expect(read(none, { activeColor: null })).toEqual({ kind: "none", warning: null });
});

test("a file that says what the router does and last obeyed wishes nothing", () => {
  const intent = read({ activeColor: "blue" }, { declared: "blue" });
  expect(intent).toEqual({ kind: "none", warning: null });
});

test("a file that was obeyed before leaves live traffic where it is, with a warning", () => {
  const intent = read({ activeColor: "green" }, { declared: "green", activeColor: "blue" });
  expect(intent).toMatchObject({ kind: "none" });
  expect(intent.kind === "none" && intent.warning).toBe(
    "Pulumi.dev.yaml says green, which was obeyed before; traffic stays on blue (generation 3)",
  );
});

test.each<[string, number | null]>([
  ["without a generation", null],
  ["at the router's generation", 3],
  ["at a later generation", 4],
])("a changed file %s is a wish", (_name, generation) => {
  const intent = read({ activeColor: "green", generation }, { declared: "blue" });
  expect(intent).toEqual({ kind: "activate", color: "green" });
});

test("a changed file of an older generation is stale, and the lines to paste are printed", () => {
  const intent = read({ activeColor: "green", generation: 1 }, { declared: null });
  if (intent.kind !== "stale") throw new Error(`not stale but ${intent.kind}`);
  expect(intent.error).toMatchObject({
    code: "STALE_INTENT",
    message: "Pulumi.dev.yaml asks for green at generation 1, the router is at 3",
    details: ["bluegreen:activeColor: blue", "bluegreen:generation: 3"],
  });
  expect(intent.error.hint).toContain("traffic stays on blue");
});

test("while the router is inactive the lines to paste say none", () => {
  const record = { activeColor: null, generation: 5 } as const;
  const intent = read({ activeColor: "green", generation: 4 }, record);
  expect(intent.kind === "stale" && intent.error.details).toEqual([
    "bluegreen:activeColor: none",
    "bluegreen:generation: 5",
  ]);
});

test.each<Color>(["blue", "green"])("a file that follows the router to %s is never stale", (to) => {
  const intent = read({ activeColor: to, generation: 1 }, { activeColor: to, declared: null });
  expect(intent).toEqual({ kind: "activate", color: to });
});

/** Blue had generation 1, green 2, blue 3; green is active at 4. The driver switched each time. */
const fourth = { activeColor: "green", generation: 4, declared: null } as const;

test.each<[string, Color, number]>([
  ["of the last switch but one", "blue", 3],
  ["of the first switch", "blue", 1],
])("a file that is as it was written after a switch, %s, is no wish", (_name, to, generation) => {
  expect(read({ activeColor: to, generation }, fourth)).toEqual({
    kind: "none",
    warning:
      `Pulumi.dev.yaml says blue, as the router did at generation ${generation}; ` +
      "traffic stays on green (generation 4)",
  });
});

test.each<[string, Declared]>([
  ["the color was changed in an old checkout", { activeColor: "blue", generation: 2 }],
  ["its generation was none of a color's", { activeColor: "blue", generation: 0 }],
])("a file of an older generation is refused where %s", (_name, file) => {
  expect(read(file, fourth).kind).toBe("stale");
});

test("a file that says blue as of now is a wish, also where an older one said the same", () => {
  const intent = read({ activeColor: "blue", generation: 4 }, fourth);
  expect(intent).toEqual({ kind: "activate", color: "blue" });
});

test("nothing that was written before traffic was stopped is obeyed afterwards", () => {
  const stopped = { activeColor: null, generation: 5, declared: null };
  expect(read({ activeColor: "blue", generation: 3 }, stopped).kind).toBe("stale");
});
