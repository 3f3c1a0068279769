/** Whose backend is used, and that our own keeps its passphrase once and to itself. */
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chooseBackend } from "../../../automation/engine/backend.ts";
import type { BackendQuestion } from "../../../automation/engine/backend.ts";
import type { Environment } from "../../../automation/engine/folders.ts";
import { makeScratch } from "./scratch.ts";
import type { Scratch } from "./scratch.ts";

let scratch: Scratch;
const passphrase = "state/bluegreen/shop-k3x7qa/passphrase";

beforeEach(async () => {
  scratch = await makeScratch();
  await mkdir(scratch.path("project/infra"), { recursive: true });
});

afterEach(() => scratch.remove());

function question(env: Environment = {}, rest: Partial<BackendQuestion> = {}): BackendQuestion {
  return {
    env: { HOME: scratch.path("home"), XDG_STATE_HOME: scratch.path("state"), ...env },
    cwd: scratch.path("project"),
    platform: "local",
    application: "shop-k3x7qa",
    environment: "dev",
    ...rest,
  };
}

async function writeCredentials(folder: string, text: string): Promise<void> {
  await mkdir(scratch.path(folder), { recursive: true });
  await writeFile(scratch.path(folder, "credentials.json"), text);
}

describe("a user's own choice", () => {
  it("wins by PULUMI_BACKEND_URL, also over a project and a login", async () => {
    await writeFile(scratch.path("project/Pulumi.yaml"), "backend: { url: s3://project }\n");
    await writeCredentials("home/.pulumi", JSON.stringify({ current: "s3://login" }));
    const choice = await chooseBackend(question({ PULUMI_BACKEND_URL: "file:///mine", CI: "1" }));
    expect(choice).toMatchObject({ owner: "user", url: "file:///mine", passphraseFile: null });
  });

  it("wins by the project's file, looked for upwards, over a login", async () => {
    await writeFile(scratch.path("project/Pulumi.yaml"), "backend: { url: s3://project }\n");
    await writeCredentials("home/.pulumi", JSON.stringify({ current: "s3://login" }));
    const cwd = scratch.path("project/infra");
    expect(await chooseBackend(question({}, { cwd }))).toMatchObject({ url: "s3://project" });
  });

  it("wins by a login, in the folder that PULUMI_HOME names", async () => {
    await writeFile(scratch.path("project/Pulumi.yaml"), "name: shop\n");
    await writeCredentials("home/.pulumi", JSON.stringify({ current: "s3://other" }));
    await writeCredentials("pulumi-home", JSON.stringify({ current: "https://api.pulumi.com" }));
    const env = { PULUMI_HOME: scratch.path("pulumi-home") };
    expect(await chooseBackend(question(env))).toMatchObject({
      owner: "user",
      url: "https://api.pulumi.com",
    });
  });

  it.each(['{"$pulumiSecureStore":1,"data":"x"}', "{ \u0000"])(
    "wins by a login that only Pulumi can read: %j",
    async (text) => {
      await writeCredentials("home/.pulumi", text);
      expect(await chooseBackend(question())).toMatchObject({ owner: "user", url: null });
    },
  );

  it("wins by an access token, which means Pulumi Cloud", async () => {
    const choice = await chooseBackend(question({ PULUMI_ACCESS_TOKEN: "pul-1" }));
    expect(choice).toMatchObject({ owner: "user", url: null });
    expect(choice.why).not.toContain("pul-1");
  });

  it("doesn't count as one after a logout", async () => {
    await writeCredentials("home/.pulumi", JSON.stringify({ current: "" }));
    expect((await chooseBackend(question())).owner).toBe("bluegreen");
  });

  it("of a passphrase is kept with our backend, even an empty one", async () => {
    const choice = await chooseBackend(question({ PULUMI_CONFIG_PASSPHRASE: "" }));
    expect(choice).toMatchObject({ owner: "bluegreen", passphraseFile: null });
    await expect(stat(scratch.path(passphrase))).rejects.toMatchObject({ code: "ENOENT" });
  });
});

describe("without a choice", () => {
  it("the local platform gets a private folder and passphrase in the user's state", async () => {
    const choice = await chooseBackend(question());
    const state = scratch.path("state/bluegreen/shop-k3x7qa/pulumi-state");
    expect(choice).toMatchObject({
      owner: "bluegreen",
      url: pathToFileURL(state).href,
      passphraseFile: scratch.path(passphrase),
    });
    expect((await stat(state)).mode & 0o777).toBe(0o700);
    expect((await stat(scratch.path(passphrase))).mode & 0o777).toBe(0o600);
    expect(await readFile(scratch.path(passphrase), "utf8")).toMatch(/^[\w-]{43}$/);
  });

  it("all who come at once get the same passphrase, and it is never replaced", async () => {
    const many = Array.from({ length: 20 }, async () => {
      const { passphraseFile } = await chooseBackend(question());
      return await readFile(passphraseFile ?? "", "utf8");
    });
    const seen = new Set(await Promise.all(many));
    expect(seen.size).toBe(1);
    await chooseBackend(question());
    expect(await readFile(scratch.path(passphrase), "utf8")).toBe([...seen][0]);
  });

  it("a lost passphrase isn't replaced by a new one that wouldn't fit", async () => {
    await chooseBackend(question());
    const stacks = scratch.path("state/bluegreen/shop-k3x7qa/pulumi-state/.pulumi/stacks/shop");
    await mkdir(stacks, { recursive: true });
    await rm(scratch.path(passphrase));
    await expect(chooseBackend(question())).rejects.toMatchObject({ code: "PASSPHRASE_WRONG" });
  });

  it.each([
    ["in CI", { CI: "true" }, "local"],
    ["for another platform", {}, "kubernetes"],
  ])("there is none %s, and the error names both choices", async (_where, env, platform) => {
    const failure = chooseBackend(question(env, { platform }));
    await expect(failure).rejects.toMatchObject({ code: "BACKEND_MISSING" });
    await expect(failure).rejects.toMatchObject({
      hint: expect.stringMatching(/pulumi login.*PULUMI_BACKEND_URL/) as string,
    });
  });

  it("a folder that can't be written is an error with a way out", async () => {
    await writeFile(scratch.path("file"), "");
    const env = { XDG_STATE_HOME: scratch.path("file") };
    await expect(chooseBackend(question(env))).rejects.toMatchObject({ code: "STORE_FAILED" });
  });
});
