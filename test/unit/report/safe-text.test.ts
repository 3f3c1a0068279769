import { expect, test } from "vitest";
import { head, quoted, tail } from "../../../automation/report/safe-text.ts";

test("keeps text, tabs and line feeds as they are", () => {
  expect(head("a\tb\r\nc ü", 100)).toBe("a\tb\nc ü");
});

test("shows what would steer a terminal or reorder text as its code", () => {
  expect(head("\u001b]0;x\u0007\u009b2J\rok\u202egpj", 100)).toBe(
    "\\u001b]0;x\\u0007\\u009b2J\\u000dok\\u202egpj",
  );
});

test("marks where it cut", () => {
  expect(head("abcdef", 3)).toBe("abc…");
  expect(tail("abcdef", 3)).toBe("…def");
  expect(tail("abc", 3)).toBe("abc");
});

test("quotes on one short line", () => {
  expect(quoted("a\n  b")).toBe(`"a b"`);
  expect(quoted("x".repeat(500)).length).toBeLessThan(100);
});
