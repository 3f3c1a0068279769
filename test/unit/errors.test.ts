import { expect, test } from "vitest";
import { translate } from "../../automation/adapters/engine-error.ts";
import { BlueGreenError, formatError, parseError } from "../../infra/errors.ts";

test("an error that crosses the engine as text is found again, with details and hint", () => {
  const error = new BlueGreenError("PROVISION_FAILED", "blue isn't healthy", {
    details: ["GET /healthz answered 503", "log: boom"],
    hint: "look at the log",
  });
  const text = `  error: dev-blue-instances creating failed: ${formatError(error)}`;
  expect(parseError(text)).toMatchObject({
    code: "PROVISION_FAILED",
    message: "blue isn't healthy",
    details: ["GET /healthz answered 503", "log: boom"],
    hint: "look at the log",
  });
});

test("text without a code of ours holds no error of ours", () => {
  expect(parseError("error: something else: broke")).toBeNull();
});

test.each([
  ["error: the stack is currently locked by 1 lock(s).", "STACK_LOCKED"],
  ["[409] Conflict: Another update is currently in progress.", "STACK_LOCKED"],
  ["error: incorrect passphrase", "PASSPHRASE_WRONG"],
  ["error: passphrase must be set with PULUMI_CONFIG_PASSPHRASE", "PASSPHRASE_WRONG"],
  ["error: no stack named 'dev' found", "STACK_MISSING"],
  ["write /x/y.json: no space left on device", "STORE_FAILED"],
  ["error: problem logging in: unable to open bucket file:///x", "BACKEND_UNREACHABLE"],
  ["error: something nobody knows", "ENGINE_FAILED"],
] as const)("the engine's %j is %s", (text, code) => {
  expect(translate(new Error(text), [], "dev")).toMatchObject({ code });
});

test("a full disk says where, and no more than is known", () => {
  const text = "error: saving: write /x/state/dev.json.tmp: no space left on device";
  const { message, hint } = translate(new Error(text), [], "dev");
  expect(message).toBe("the disk is full (/x/state): Pulumi couldn't finish its work on stack dev");
  expect(hint).toMatch(/free some space/);
  expect(translate(new Error("ENOSPC"), [], "dev").message).toMatch(/^the disk is full: Pulumi/);
});

test("what the engine said is kept as details", () => {
  const error = translate(
    new Error("code: -2\n stdout:\n"),
    ["error: first", "error: second"],
    "dev",
  );
  expect(error.details).toEqual(["error: first", "error: second"]);
});

test("how the engine was called isn't told, only what it said", () => {
  const call = "Command failed with exit code 255: /opt/pulumi up --config-file /tmp/call/dev.yaml";
  const said = `code: -2\n stdout: \n stderr: ${call}\n err?: Error: ${call}`;
  for (const text of [
    `${said}\nerror: incorrect passphrase`,
    "error: incorrect passphrase\nexit code 255",
  ]) {
    const { details, hint } = translate(new Error(text), [], "dev");
    expect(details).toEqual(["error: incorrect passphrase"]);
    expect(hint).toContain("remove `encryptionsalt`");
    // The usual cause first, what can't be undone last.
    expect(hint).toMatch(/another backend.*PULUMI_CONFIG_PASSPHRASE.*encryptionsalt/);
  }
});

test("an error of ours stays as it is", () => {
  const error = new BlueGreenError("CLAIMED", "by ann");
  expect(translate(error, ["noise"], "dev")).toBe(error);
});
