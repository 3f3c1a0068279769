/** Programs on this machine, whatever they do. */

import { expect, test } from "vitest";
import { startOf } from "../../../infra/process-identity.ts";
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

test("a program that takes too long takes along what it started", async () => {
  const argv = ["sh", "-c", "sleep 30 & echo $!; wait"];
  const { timedOut, stdout } = await runProgram(argv, { deadlineMs: 300 });
  expect(timedOut).toBe(true);
  await expect.poll(() => startOf(Number(stdout))).toBeNull();
});

test("a program and its daemons are out of reach of what interrupts this process", async () => {
  const group = ["sh", "-c", 'ps -o pgid= -p "$1"', "sh"];
  const own = await runProgram([...group, String(process.pid)], { deadlineMs: 5_000 });
  const its = await runProgram(["sh", "-c", "ps -o pgid= -p $$"], { deadlineMs: 5_000 });
  expect(its.stdout.trim()).toMatch(/^\d+$/);
  expect(its.stdout.trim()).not.toBe(own.stdout.trim());
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
