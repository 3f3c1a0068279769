/** Programs on this machine, whatever they do. */

import { expect, test } from "vitest";
import { runProgram } from "../../../infra/platforms/proxy/hosts/program.ts";

test("a program that takes too long is ended, and told apart from one that failed", async () => {
  const began = Date.now();
  const ran = await runProgram(["sleep", "30"], { deadlineMs: 200 });
  expect(ran).toMatchObject({ timedOut: true, code: null });
  expect(Date.now() - began).toBeLessThan(5_000);
  expect(await runProgram(["false"], { deadlineMs: 5_000 })).toMatchObject({
    timedOut: false,
    code: 1,
  });
});

test("a daemon that keeps a program's pipes open doesn't keep its starter waiting", async () => {
  const began = Date.now();
  const ran = await runProgram(["sh", "-c", "echo up; sleep 3 & exit 0"], { deadlineMs: 10_000 });
  expect(ran).toMatchObject({ code: 0, stdout: "up\n", timedOut: false });
  expect(Date.now() - began).toBeLessThan(2_500);
});

test("a program that doesn't read what it is sent still says why it ended", async () => {
  const stdin = "x".repeat(5_000_000);
  const argv = ["sh", "-c", "echo no >&2; exit 4"];
  const ran = await runProgram(argv, { stdin, deadlineMs: 10_000 });
  expect(ran).toMatchObject({ code: 4, stderr: "no\n" });
});
