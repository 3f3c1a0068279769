/** Lines of the demo keep the terminal's width. */
import { expect, it } from "vitest";
import { columns, wrap } from "../../../automation/demo/wrap.ts";

const margin = { width: 20, first: "$ ", rest: "  " };

it("breaks between words and hangs the lines after the first one", () => {
  expect(wrap("bluegreen deploy --version 2", margin)).toEqual([
    "$ bluegreen deploy",
    "  --version 2",
  ]);
});

it("gives a word that is too long a line of its own and leaves it whole", () => {
  const path = "/tmp/bluegreen-demo-x/state";
  expect(wrap(`in ${path} now`, margin)).toEqual(["$ in", `  ${path}`, "  now"]);
});

it("doesn't count color codes", () => {
  const red = "\u001b[31mtwelve chars\u001b[39m";
  expect(columns(red)).toBe(12);
  expect(wrap(`${red} sixth`, margin)).toEqual([`$ ${red} sixth`]);
});

it("keeps spaces in front and between words, but none at a break", () => {
  expect(wrap("  pass  one two  three", { width: 15, first: "| ", rest: "|         " })).toEqual([
    "|   pass  one",
    "|         two",
    "|         three",
  ]);
});

it("keeps an empty line", () => {
  expect(wrap("", { width: 10, first: "| ", rest: "| " })).toEqual(["| "]);
});
