/** Whatever an application, a person or the engine writes: a preview only shows it. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { renderJson } from "../../../automation/preview/json.ts";
import { renderMarkdown } from "../../../automation/preview/markdown.ts";
import { summarize } from "../../../automation/preview/summarize.ts";
import type { PreviewSummary } from "../../../automation/preview/summary.ts";
import { renderTerminal } from "../../../automation/preview/terminal.ts";
import {
  markdownBlock,
  markdownCode,
  markdownText,
} from "../../../automation/report/markdown-text.ts";
import { plainText } from "../../../automation/report/plain-text.ts";
import { deployFacts, refusedFacts } from "./facts-of.ts";

/** Letters that mean something to a terminal, to Markdown, to HTML or to a forge. */
const biting = [
  ...Array.from(
    "`|<>[]()*_~#@!$\\&{}:-+=.\"'1az \n\r\t\u0000\u0007\u001b\u009b\u202e\u2066\u200b\u2028",
  ),
  ..."<script>|</details>|<!--|-->|<img src=x onerror=1>|[a](http://evil.example)|![a](b)".split(
    "|",
  ),
  ..."@ann|@org/team|#12|gh-7|GH-7|org/repo#3|https://evil.example|www.evil.example|a@b.example".split(
    "|",
  ),
  ..."```|~~~|- [ ] |1. |> |# |---|:tada:|$x$|deadbeef|mailto:a@b.c|\u001b[31m|\u001b]8;;http://x\u0007".split(
    "|",
  ),
  "| a | b |",
  "\ud800",
];

const hostile = fc
  .array(fc.oneof(fc.constantFrom(...biting), fc.string({ unit: "binary", maxLength: 5 })), {
    maxLength: 12,
  })
  .map((parts) => parts.join(""));

/** Never empty: an empty text may leave its place out. */
const text = hostile.map((middle) => `x${middle}x`);

/** The summary with one text in every place that others fill. */
function filled(summary: PreviewSummary, word: string): PreviewSummary {
  const { deployment } = summary;
  const release = { version: word, digest: word };
  const health = { ...summary.health.blue, release, problems: [word] };
  const state = { ...summary.router.before, release };
  const pin = { digest: word, version: word, reason: word, by: word, at: word, until: null };
  return {
    ...summary,
    headline: word,
    router: { before: state, after: state, refused: null },
    deployment: deployment && { ...deployment, version: word, digest: word },
    guards: summary.guards.map((line) => ({
      ...line,
      sentence: word,
      code: word,
      hint: word,
      details: [word],
    })),
    stacks: summary.stacks.map((stack) => ({
      ...stack,
      stack: word,
      changes: stack.changes.map(() => ({
        operation: word,
        type: word,
        name: word,
        fields: [word],
      })),
      problem: { refused: true, code: word, message: word, hint: word, details: [word] },
    })),
    steps: [word],
    health: { blue: health, green: health },
    drift: { ...summary.drift, sentence: word, paste: [word] },
    pins: [pin],
    cost: word,
    notes: [word],
  };
}

const summaries = [summarize(refusedFacts()), summarize(deployFacts())];

// eslint-disable-next-line no-control-regex -- none may be left
const control = /[\u0000-\u001f\u007f-\u009f\u200b\u2028-\u202e\u2066-\u2069]/;

/** What a forge would act on; where it is taken apart, a mark stands behind it. */
const active = /[<>[\]*_~`]|@(?!¤)|#(?!¤)|:\/\/|www\.|gh-\d/i;

/** A line without code spans, escapes, entities and our own marks: what Markdown may act on. */
function bare(line: string): string {
  return line
    .replaceAll(/`[^`]*`/g, "")
    .replaceAll(/\\[*_[\]!~{}]/g, "")
    .replaceAll(/&(?:amp|lt|gt|#\d+);/g, "¤")
    .replaceAll(/<br>|<\/?details>|<\/?summary>/g, "")
    .replaceAll("**", "")
    .replace(/^### |^ *- |^\d+\. |^```(?:yaml)?$/, "");
}

describe("in Markdown", () => {
  test("hostile text adds no line, no cell and nothing to act on", () => {
    const shapes = summaries.map((summary) => renderMarkdown(filled(summary, "x")).split("\n"));
    fc.assert(
      fc.property(text, (word) => {
        for (const [index, summary] of summaries.entries()) {
          const lines = renderMarkdown(filled(summary, word)).split("\n");
          const shape = shapes[index] ?? [];
          expect(lines.length).toBe(shape.length);
          for (const [place, line] of lines.entries()) {
            const wanted = shape[place] ?? "";
            expect((line.match(/\|/g) ?? []).length).toBe((wanted.match(/\|/g) ?? []).length);
            expect((line.match(/`/g) ?? []).length % 2).toBe(line.startsWith("```") ? 1 : 0);
            const inBlock = wanted === "x";
            if (!inBlock) expect(bare(line)).not.toMatch(active);
            expect(line).not.toMatch(control);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ["@ann look", "@&#8203;ann look"],
    ["see #12 and org/repo#3", "see #&#8203;12 and org/repo#&#8203;3"],
    ["[a](http://b)", "\\[a\\](http:&#8203;//b)"],
    ["![a](b)", "\\!\\[a\\](b)"],
    ["<img src=x>", "&lt;img src=x&gt;"],
    ["a | b", "a &#124; b"],
    ["back\\slash", "back&#92;slash"],
    ["# head", "&#8203;#&#8203; head"],
    ["1. item", "&#8203;1. item"],
    ["- item", "&#8203;- item"],
    ["&lt;b&gt;", "&amp;lt;b&amp;gt;"],
    ["run `pulumi up` | now", "run `pulumi up` &#124; now"],
    ["one ` tick and <b>", "one ' tick and &lt;b&gt;"],
    ["`a|b` `", "`a¦b` '"],
    ["two\nlines", "two lines"],
    [":tada: at 10:20:30", ":&#8203;tada: at 10:20:30"],
    ["blue holds 1 and is healthy", "blue holds 1 and is healthy"],
  ])("%j is written as %j", (given, expected) => {
    expect(markdownText(given)).toBe(expected);
  });

  test("code keeps its letters, but for what would end it", () => {
    expect(markdownCode("a`b|c@d<e>")).toBe("`a'b¦c@d<e>`");
    expect(markdownCode("\n")).toBe("");
  });

  test("a block can't be ended from within", () => {
    expect(markdownBlock(["```", "x\n```"], "yaml")).toBe("```yaml\n'''\nx '''\n```");
  });

  test("a text of any length is cut", () => {
    expect(markdownText("x".repeat(10_000)).length).toBeLessThan(600);
    expect(markdownCode("😀".repeat(10_000)).isWellFormed()).toBe(true);
  });
});

describe("in the terminal", () => {
  test("hostile text adds no line and no control character", () => {
    const shapes = summaries.map((summary) => {
      return renderTerminal(filled(summary, "x"), { color: false }).split("\n").length;
    });
    fc.assert(
      fc.property(text, (word) => {
        for (const [index, summary] of summaries.entries()) {
          const lines = renderTerminal(filled(summary, word), { color: false }).split("\n");
          expect(lines.length).toBe(shapes[index]);
          expect(lines.join("")).not.toMatch(control);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("sequences go whole, words stay", () => {
    expect(plainText("\u001b[31mred\u001b[0m \u001b]8;;http://x\u0007link\u001b]8;;\u0007")).toBe(
      "red link",
    );
    expect(plainText("a\u202eb\tc\r\nd")).toBe("ab c d");
  });
});

test("JSON reads back as the same, with control characters escaped", () => {
  fc.assert(
    fc.property(text, (word) => {
      const [summary = summarize(refusedFacts())] = summaries;
      const whole = filled(summary, word.toWellFormed());
      const json = renderJson(whole);
      expect(JSON.parse(json)).toEqual(whole);
      expect(json.replaceAll("\n", "").replaceAll("\u200b", "")).not.toMatch(control);
    }),
  );
});
