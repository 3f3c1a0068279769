/** What Pulumi gets as environment, what a shell gets, and how folders, ids and locks read. */
import { execFileSync } from "node:child_process";
import { userInfo } from "node:os";
import { describe, expect, it } from "vitest";
import { newApplicationId } from "../../../automation/engine/application.ts";
import { isCi } from "../../../automation/engine/backend.ts";
import { engineEnvironment, formatExports } from "../../../automation/engine/environment.ts";
import { engineCacheFolder, stateFolder } from "../../../automation/engine/folders.ts";
import { describeLock, fileBackendFolder } from "../../../automation/engine/lock.ts";
import { parseSettings } from "../../../infra/config.ts";
import { stateDir } from "../../../infra/state-dir.ts";
import { userPath } from "../../../infra/user-path.ts";
import { describeProgress } from "../../../automation/engine/way.ts";

const ours = { owner: "bluegreen", url: "file:///state", passphraseFile: "/secret/file" } as const;
const engine = { pulumi: "/engine/bin/pulumi", languageHost: null };

describe("the engine's environment", () => {
  it("puts our Node and the engine first, once, also when it is done again", () => {
    const options = { engine, backend: ours, nodeBin: "/node/bin/node" };
    const once = engineEnvironment({ ...options, base: { PATH: "/usr/bin:/engine/bin:/bin" } });
    expect(once["PATH"]).toBe("/node/bin:/engine/bin:/usr/bin:/engine/bin:/bin");
    expect(engineEnvironment({ ...options, base: once })["PATH"]).toBe(once["PATH"]);
  });

  it.each(["/usr/bin:/engine/bin:/bin", "/engine/bin", "", "/with space:/bin:"])(
    "lets the user's own PATH be told again: %j",
    (PATH) => {
      const made = engineEnvironment({ engine, backend: ours, nodeBin: "/n/node", base: { PATH } });
      expect(userPath(made)).toBe(PATH === "" ? undefined : PATH);
      const activated = { ...made, PATH: `/venv/bin:${made["PATH"] ?? ""}` };
      expect(userPath(activated)).toBe(PATH === "" ? "/venv/bin" : `/venv/bin:${PATH}`);
    },
  );

  it("leaves a PATH alone that nothing was added to", () => {
    expect(userPath({ PATH: "/bin" })).toBe("/bin");
    expect(userPath({})).toBeUndefined();
  });

  it("makes our language host findable where the engine has none", () => {
    const languageHost = "/cache/language-host/pulumi-language-nodejs";
    const { PATH } = engineEnvironment({
      engine: { ...engine, languageHost },
      backend: ours,
      nodeBin: "/node/bin/node",
      base: { PATH: "/bin" },
    });
    expect(PATH).toBe("/node/bin:/engine/bin:/cache/language-host:/bin");
  });

  it("names our backend and the passphrase's file", () => {
    const environment = engineEnvironment({ engine, backend: ours, nodeBin: "/n/node" });
    expect(environment).toMatchObject({
      PULUMI_BACKEND_URL: "file:///state",
      PULUMI_CONFIG_PASSPHRASE_FILE: "/secret/file",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_OPTION_SKIP_PLUGIN_PRE_INSTALL: "true",
      BLUEGREEN_NODE: "/n/node",
    });
    expect(environment).not.toHaveProperty("PULUMI_OPTION_CONFIG_FILE");
  });

  it("changes nothing about a user's own backend", () => {
    const backend = { owner: "user", url: "s3://bucket", passphraseFile: null } as const;
    const environment = engineEnvironment({ engine, backend, nodeBin: "/n/node" });
    expect(environment).not.toHaveProperty("PULUMI_BACKEND_URL");
    expect(environment).not.toHaveProperty("PULUMI_CONFIG_PASSPHRASE_FILE");
  });

  it("hands on where Node keeps what it compiled, which makes a hand-run update faster", () => {
    const nodeBin = "/n/node";
    const base = { NODE_COMPILE_CACHE: "/cache/node" };
    expect(engineEnvironment({ engine, backend: ours, nodeBin, base })).toMatchObject(base);
    const without = engineEnvironment({ engine, backend: ours, nodeBin, base: {} });
    expect(without).not.toHaveProperty("NODE_COMPILE_CACHE");
  });

  it("names the settings file by its absolute path", () => {
    const settings = {
      engine,
      backend: ours,
      nodeBin: "/n/node",
      settingsFile: "/p/Pulumi.dev.yaml",
    };
    expect(engineEnvironment(settings)["PULUMI_OPTION_CONFIG_FILE"]).toBe("/p/Pulumi.dev.yaml");
  });

  it("exports values that a shell reads back unchanged", () => {
    const value = `it's "$HOME" \`x\` \\ and a\nnew line`;
    const script = `${formatExports({ VALUE: value })}printf %s "$VALUE"`;
    expect(execFileSync("sh", ["-c", script], { encoding: "utf8" })).toBe(value);
  });
});

describe("folders", () => {
  it("follow XDG, then the habit of the system", () => {
    const home = { HOME: "/home/ann" };
    expect(stateFolder("shop-k3x7qa", { ...home, XDG_STATE_HOME: "/s" }, "linux")).toBe(
      "/s/bluegreen/shop-k3x7qa",
    );
    expect(stateFolder("shop", { ...home, XDG_STATE_HOME: "" }, "linux")).toBe(
      "/home/ann/.local/state/bluegreen/shop",
    );
    expect(stateFolder("shop", home, "darwin")).toBe(
      "/home/ann/Library/Application Support/bluegreen/shop",
    );
    expect(engineCacheFolder(home, "linux")).toBe("/home/ann/.cache/bluegreen/engine");
    expect(engineCacheFolder(home, "darwin")).toBe("/home/ann/Library/Caches/bluegreen/engine");
  });

  it("are named after every application that the settings accept", () => {
    for (const application of ["shop.io", "a".repeat(100), "A_b-c.d"]) {
      const local = JSON.stringify({ command: ["x"] });
      expect(parseSettings({ environment: "dev", application, local }).application).toBe(
        application,
      );
      expect(stateFolder(application, { HOME: "/h" }, "linux")).toBe(
        `/h/.local/state/bluegreen/${application}`,
      );
    }
  });

  it.each([
    { HOME: "/h", XDG_STATE_HOME: "relative" },
    { HOME: "", XDG_STATE_HOME: "" },
    { HOME: "relative" },
  ])("are the same ones for everything of an application: %j", (env) => {
    const home = env.HOME === "/h" ? "/h" : userInfo().homedir;
    const expected = `${home}/.local/state/bluegreen/shop`;
    expect(stateFolder("shop", env, "linux")).toBe(expected);
    expect(stateDir("shop", env, "linux")).toBe(expected);
  });

  it.each(["", "..", "a/b", "-x", "a b"])("refuse %j as an application", (application) => {
    expect(() => stateFolder(application, { HOME: "/h" }, "linux")).toThrow(
      expect.objectContaining({ code: "SETTINGS_INVALID" }) as Error,
    );
  });

  it("of a file backend are read as Pulumi reads them", () => {
    expect(fileBackendFolder("file:///a%20b?metadata=skip", "/cwd")).toBe("/a b");
    expect(fileBackendFolder("file://./state", "/cwd")).toBe("/cwd/state");
    expect(fileBackendFolder("file://~/state", "/cwd")).toMatch(/^\/.*\/state$/);
    expect(fileBackendFolder("s3://bucket", "/cwd")).toBeNull();
  });
});

describe("application ids", () => {
  it("are a slug of the name and six random characters, fit for a folder", () => {
    expect(newApplicationId("My Shop! (Köln)")).toMatch(/^my-shop-ko-ln-[a-z2-7]{6}$/);
    expect(newApplicationId("***")).toMatch(/^application-[a-z2-7]{6}$/);
    const id = newApplicationId("x".repeat(300));
    expect(stateFolder(id, { HOME: "/h" }, "linux")).toContain(id);
  });

  it("differ for equal names", () => {
    const ids = new Set(Array.from({ length: 50 }, () => newApplicationId("shop")));
    expect(ids.size).toBe(50);
  });
});

describe("words", () => {
  it.each([
    [undefined, false],
    ["", false],
    ["false", false],
    ["0", false],
    ["true", true],
    ["1", true],
  ])("CI=%j means in CI: %j", (value, expected) => {
    expect(isCi({ CI: value })).toBe(expected);
  });

  it("describe a lock with owner, host and age", () => {
    const lock = { id: "1", file: "/l/1.json", pid: 4711, host: "build-3", user: "ann", since: 0 };
    expect(describeLock({ ...lock, state: "dead" }, 12 * 60_000)).toBe(
      "held by ann, process 4711 on build-3, for 12 min: that process is dead",
    );
    const unreadable = { ...lock, state: "unreadable", pid: null, host: "", since: null } as const;
    expect(describeLock(unreadable, 0)).toBe("held: /l/1.json doesn't say by whom");
  });

  it("describe progress with the time gone by", () => {
    const progress = { phase: "compile", elapsedMs: 170_000, detail: "compiling" } as const;
    expect(describeProgress(progress)).toBe("Pulumi engine: compiling (2 min 50 s)");
  });
});
