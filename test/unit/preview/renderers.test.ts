/** How a preview reads in the terminal, in a pull request and as JSON. */
import { describe, expect, test } from "vitest";
import { renderJson } from "../../../automation/preview/json.ts";
import { renderMarkdown } from "../../../automation/preview/markdown.ts";
import { summarize } from "../../../automation/preview/summarize.ts";
import { renderTerminal } from "../../../automation/preview/terminal.ts";
import { deployFacts, factsOf, refusedFacts } from "./facts-of.ts";

const cases = {
  nothing: summarize(factsOf()),
  refused: summarize(refusedFacts()),
  deploy: summarize(deployFacts()),
  differs: summarize(factsOf({ file: { activeColor: null, generation: null } })),
};

describe.each(Object.entries(cases))("%s", (name, summary) => {
  test("in the terminal", async () => {
    const text = renderTerminal(summary, { color: false });
    await expect(text).toMatchFileSnapshot(`golden/${name}.terminal.txt`);
  });

  test("in a pull request", async () => {
    await expect(renderMarkdown(summary)).toMatchFileSnapshot(`golden/${name}.md.txt`);
  });

  test("as JSON that reads back as the same", () => {
    expect(JSON.parse(renderJson(summary))).toEqual(summary);
    expect(summary.schema).toBe(1);
  });
});

test("colors change nothing but the look", () => {
  const plain = renderTerminal(cases.refused, { color: false });
  const colored = renderTerminal(cases.refused, { color: true });
  expect(colored).toContain("\u001b[31m");
  // eslint-disable-next-line no-control-regex -- the colors themselves
  expect(colored.replaceAll(/\u001b\[\d+m/g, "")).toBe(plain);
});
