/** Words that go through a real shell come out as they went in. */

import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { quoteWord, quoteWords } from "../../../infra/platforms/proxy/hosts/quoting.ts";
import { hostileText } from "./specs.ts";

const word = fc.oneof(hostileText, fc.string({ unit: "binary" })).filter((each) => {
  return !each.includes("\0") && each.isWellFormed();
});

/** The words as a program gets them, each ended by NUL. */
function throughShell(shell: string, words: readonly string[]): string[] {
  const program =
    "process.stdout.write(process.argv.slice(1).map((each) => each + '\\0').join(''))";
  const command = quoteWords([process.execPath, "-e", program, "--", ...words]);
  const output = execFileSync(shell, ["-c", command], { encoding: "utf8" });
  return output.split("\0").slice(0, -1);
}

test.each(["sh", "bash"])("many words at once survive %s", (shell) => {
  const words = fc.sample(word, { numRuns: 1_500, seed: 4 });
  expect(throughShell(shell, words)).toEqual(words);
});

test("every ASCII character survives, alone and between others", () => {
  const all = Array.from({ length: 127 }, (_, index) => String.fromCharCode(index + 1));
  const words = [...all, ...all.map((each) => `a${each}b`), all.join("")];
  expect(throughShell("sh", words)).toEqual(words);
});

test("a quoted word has no character outside quotes but an escaped quote", () => {
  fc.assert(
    fc.property(word, (each) => {
      expect(quoteWord(each)).toMatch(/^'[^']*'(\\''[^']*')*$/);
    }),
  );
  expect(() => quoteWord("a\0b")).toThrow(RangeError);
});
