/** Where the engine is looked for, how it is got, and what is left behind when that goes wrong. */
import assert from "node:assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { goBuild } from "../../../automation/engine/go-build.ts";
import { officialInstaller } from "../../../automation/engine/installer.ts";
import { findEngine } from "../../../automation/engine/location.ts";
import { lookAtProcess } from "../../../automation/engine/processes.ts";
import { BlueGreenError } from "../../../infra/errors.ts";
import type { EngineProgress } from "../../../automation/engine/way.ts";
import { eventually, fakeGo, fakePulumi, makeScratch } from "./scratch.ts";
import type { Scratch } from "./scratch.ts";

let scratch: Scratch;
let env: Record<string, string>;

beforeEach(async () => {
  scratch = await makeScratch();
  env = {
    PATH: `${scratch.path("bin")}:/usr/bin:/bin`,
    HOME: scratch.path("home"),
    XDG_CACHE_HOME: scratch.path("cache"),
  };
});

afterEach(async () => {
  await rm(scratch.path("hold"), { force: true });
  await scratch.remove();
});

const cached = "cache/bluegreen/engine/3.259.0/bin/pulumi";

async function builds(): Promise<number[]> {
  const text = await readFile(scratch.path("go.log"), "utf8").catch(() => "");
  return text.split("\n").filter(Boolean).map(Number);
}

async function cacheEntries(): Promise<string[]> {
  return (await readdir(scratch.path("cache/bluegreen/engine"))).sort();
}

describe("an engine on this machine", () => {
  it("on PATH is used when it is new enough", async () => {
    const pulumi = await scratch.script("bin/pulumi", fakePulumi("3.250.0"));
    const engine = await findEngine({ env });
    expect(engine).toMatchObject({ pulumi, version: "3.250.0", source: "path" });
  });

  it("on PATH that is too old gives way to the cache, and that is explained", async () => {
    await scratch.script("bin/pulumi", fakePulumi("3.249.9"));
    const pulumi = await scratch.script(cached, fakePulumi("3.259.0"));
    const engine = await findEngine({ env });
    expect(engine).toMatchObject({ pulumi, source: "cache" });
    expect(engine.why[0]).toMatch(
      /^PATH: .* is version 3\.249\.9; 3\.250\.0 or newer is needed\.$/,
    );
  });

  it("in the cache is recognised when its folder is on PATH", async () => {
    await scratch.script(cached, fakePulumi("3.259.0"));
    const PATH = `${scratch.path(cached, "..")}:/bin`;
    expect((await findEngine({ env: { ...env, PATH } })).source).toBe("cache");
  });

  it("named by BLUEGREEN_ENGINE is used although another is on PATH", async () => {
    await scratch.script("bin/pulumi", fakePulumi("3.260.0"));
    const pulumi = await scratch.script("elsewhere/pulumi-next", fakePulumi("3.259.1"));
    const engine = await findEngine({ env: { ...env, BLUEGREEN_ENGINE: pulumi } });
    expect(engine).toMatchObject({ pulumi, version: "3.259.1", source: "named" });
  });

  it("named by BLUEGREEN_ENGINE that won't do is an error, whatever else there is", async () => {
    await scratch.script("bin/pulumi", fakePulumi("3.260.0"));
    const old = await scratch.script("elsewhere/pulumi", fakePulumi("3.100.0"));
    for (const named of [old, scratch.path("nothing")]) {
      await expect(findEngine({ env: { ...env, BLUEGREEN_ENGINE: named } })).rejects.toMatchObject({
        code: "ENGINE_MISSING",
      });
    }
  });

  it("that is missing is explained with every choice, and nothing is fetched", async () => {
    await scratch.script("bin/go", fakeGo());
    const error = await findEngine({ env, allowFetch: false }).catch((thrown: unknown) => thrown);
    assert(error instanceof BlueGreenError);
    const lines = [error.message, ...error.details, error.hint].join("\n");
    expect(lines).toContain("no Pulumi engine was found");
    expect(lines).toContain("PATH: no `pulumi` there.");
    expect(lines).toContain("https://www.pulumi.com/docs/install/");
    expect(lines).toContain("BLUEGREEN_ENGINE");
    expect(lines).toContain("install Go 1.25");
    expect(await builds()).toEqual([]);
  });
});

describe("the language host", () => {
  it("of the engine is left alone", async () => {
    await scratch.script("bin/pulumi", fakePulumi("3.259.0"));
    await scratch.script("bin/pulumi-language-nodejs", "exit 0");
    expect((await findEngine({ env })).languageHost).toBeNull();
  });

  it("of ours is made for an engine on PATH that has none, outside the user's folders", async () => {
    await scratch.script("bin/pulumi", fakePulumi("3.259.0"));
    const { languageHost } = await findEngine({ env });
    const expected = "cache/bluegreen/engine/language-host/pulumi-language-nodejs";
    expect(languageHost).toBe(scratch.path(expected));
    expect(await readdir(scratch.path("bin"))).toEqual(["pulumi"]);
  });

  it("of ours is put beside a cached engine, and stays ours the next time", async () => {
    await scratch.script(cached, fakePulumi("3.259.0"));
    const beside = scratch.path(`${cached}-language-nodejs`);
    expect((await findEngine({ env })).languageHost).toBe(beside);
    expect((await findEngine({ env })).languageHost).toBe(beside);
  });

  it("says what is missing when no Node can be found", async () => {
    await scratch.script("bin/pulumi", fakePulumi("3.259.0"));
    const { languageHost } = await findEngine({ env });
    const text = await readFile(languageHost ?? "", "utf8");
    const moved = text.replaceAll(process.execPath, scratch.path("moved/node"));
    await writeFile(languageHost ?? "", moved);
    const child = spawn(languageHost ?? "", [], { cwd: "/", env: { PATH: "/nowhere" } });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const [code] = (await once(child, "close")) as [number];
    expect(code).toBe(1);
    expect(said).toContain("set BLUEGREEN_NODE");
  });
});

describe("the official installer", () => {
  it("gets no credentials", async () => {
    const install = await scratch.script("install", `env > "$HOME.env"; exit 1`);
    const ways = [officialInstaller({ command: [install] })];
    const keys = { AWS_SECRET_ACCESS_KEY: "cloud-key", no_proxy: "127.0.0.1" };
    await expect(findEngine({ env: { ...env, ...keys }, ways })).rejects.toMatchObject({
      code: "ENGINE_MISSING",
    });
    const seen = await readFile(scratch.path("home.env"), "utf8");
    expect(seen).toContain("no_proxy=127.0.0.1");
    expect(seen).not.toContain("cloud-key");
  });

  it("puts the engine into the cache", async () => {
    const install = await scratch.script(
      "install",
      `mkdir -p "$1/bin" && printf '#!/bin/sh\\necho v3.259.0' > "$1/bin/pulumi" && chmod 755 "$1/bin/pulumi"`,
    );
    const ways = [officialInstaller({ command: [install] })];
    const engine = await findEngine({ env, ways });
    expect(engine).toMatchObject({ source: "installer", pulumi: scratch.path(cached) });
    expect((await findEngine({ env, ways: [] })).source).toBe("cache");
  });

  it("that hangs is ended in time with all that it started, and the next way is tried", async () => {
    await scratch.script("bin/go", fakeGo());
    const install = await scratch.script(
      "install",
      `sleep 60 & echo $! > "${env["HOME"] ?? ""}.pid"; wait`,
    );
    const ways = [officialInstaller({ command: [install], limitMs: 300 }), goBuild()];
    const engine = await findEngine({ env, ways });
    expect(engine.source).toBe("built");
    expect(engine.why.join("\n")).toContain(
      "Official installer: not possible: it took longer than",
    );
    const pid = Number(await readFile(scratch.path("home.pid"), "utf8"));
    await eventually("the installer's child is gone", async () =>
      (await lookAtProcess(pid)) === null ? true : null,
    );
  });
});

describe("a build from Go modules", () => {
  const ways = [goBuild()];

  it("gets the way to the network and Go's own settings, and no credentials", async () => {
    await scratch.script("bin/go", fakeGo());
    const own = { https_proxy: "http://127.0.0.1:1", GOPROXY: "https://proxy.example" };
    const given = { ...own, GOFLAGS: "-mod=vendor -modfile=x.mod -modcacherw", GOOS: "plan9" };
    const keys = { AWS_SECRET_ACCESS_KEY: "cloud-key", PULUMI_CONFIG_PASSPHRASE: "phrase" };
    await findEngine({ env: { ...env, ...given, ...keys }, ways });
    const seen = (await readFile(scratch.path("go.env"), "utf8")).split("\n");
    expect(seen).toEqual(
      expect.arrayContaining([
        "https_proxy=http://127.0.0.1:1",
        "GOPROXY=https://proxy.example",
        "GOFLAGS=-modcacherw",
      ]),
    );
    expect(seen.join("\n")).not.toMatch(/cloud-key|phrase|plan9/);
  });

  it("leaves the part of a living process alone, and removes a dead one's", async () => {
    await scratch.script("bin/go", fakeGo());
    const cache = scratch.path("cache/bluegreen/engine");
    const living = `3.259.0.part-${process.ppid}.living`;
    for (const name of [living, `3.259.0.part-${2 ** 30}.dead`, "3.259.0.part-of-nobody"]) {
      await mkdir(`${cache}/${name}`, { recursive: true });
    }
    await findEngine({ env, ways });
    expect(await cacheEntries()).toEqual(["3.259.0", living]);
  });

  it("reports its phases and appears in the cache", async () => {
    await scratch.script("bin/go", fakeGo());
    const seen: EngineProgress[] = [];
    const engine = await findEngine({ env, ways, progress: (now) => seen.push(now) });
    expect(engine).toMatchObject({ source: "built", version: "3.259.0" });
    expect(seen.map(({ phase }) => phase)).toEqual(["download", "compile"]);
    expect(await cacheEntries()).toEqual(["3.259.0"]);
    expect((await readdir(scratch.path(cached, ".."))).sort()).toEqual([
      "pulumi",
      "pulumi-language-nodejs",
      "pulumi-language-nodejs.mts",
    ]);
  });

  it("that fails leaves nothing, and its last words are told", async () => {
    await scratch.script("bin/go", fakeGo());
    await writeFile(scratch.path("fails"), "proxy says 403");
    await expect(findEngine({ env, ways })).rejects.toMatchObject({
      code: "ENGINE_MISSING",
      details: expect.arrayContaining([expect.stringContaining("proxy says 403")]) as string[],
    });
    expect(await cacheEntries()).toEqual([]);
  });

  it.each([
    ["1.24.9", "is version 1.24.9, 1.25.11 or newer is needed"],
    [null, "`go` isn't on PATH"],
  ])("isn't tried with Go %s", async (version, reason) => {
    if (version !== null) await scratch.script("bin/go", fakeGo(version));
    const PATH = version === null ? scratch.path("bin") : (env["PATH"] ?? "");
    await expect(findEngine({ env: { ...env, PATH }, ways })).rejects.toMatchObject({
      details: expect.arrayContaining([expect.stringContaining(reason)]) as string[],
    });
  });

  it("is done once by two who want it at the same time", async () => {
    await scratch.script("bin/go", fakeGo());
    await writeFile(scratch.path("hold"), "");
    const first = findEngine({ env, ways });
    await eventually("the build has begun", async () =>
      (await builds()).length > 0 ? true : null,
    );
    const waits: string[] = [];
    const second = findEngine({ env, ways, progress: ({ detail }) => waits.push(detail) });
    await eventually("the second waits", () => (waits.length > 0 ? true : null));
    await rm(scratch.path("hold"));
    expect((await first).source).toBe("built");
    expect((await second).source).toBe("cache");
    expect(waits[0]).toContain(`process ${process.pid} on `);
    expect(await builds()).toHaveLength(1);
  });

  it("can be interrupted, and its compiler ends with it", async () => {
    await scratch.script("bin/go", fakeGo());
    await writeFile(scratch.path("hold"), "");
    const controller = new AbortController();
    const search = findEngine({ env, ways, signal: controller.signal });
    const failure = expect(search).rejects.toMatchObject({ code: "INTERRUPTED" });
    const pid = await eventually("the build has begun", async () => (await builds())[0] ?? null);
    controller.abort();
    await failure;
    expect(await lookAtProcess(pid)).toBeNull();
    expect(await cacheEntries()).toEqual([]);
  });

  it.each(["SIGTERM", "SIGKILL"] as const)(
    "whose process got %s leaves nothing that is taken for an engine",
    async (signal) => {
      await scratch.script("bin/go", fakeGo());
      await writeFile(scratch.path("hold"), "");
      const driver = startDriver();
      try {
        const pid = await eventually(
          "the build has begun",
          async () => (await builds())[0] ?? null,
        );
        driver.kill(signal);
        await once(driver, "exit");
        // SIGTERM takes the compiler along; after SIGKILL it runs on, and is ended here so that it
        // doesn't write beside the build that follows.
        if (signal === "SIGKILL") process.kill(pid, "SIGKILL");
        await eventually("the compiler is gone", async () =>
          (await lookAtProcess(pid)) === null ? true : null,
        );
        expect(await cacheEntries()).not.toContain("3.259.0");
        await rm(scratch.path("hold"));
        expect(await findEngine({ env, ways })).toMatchObject({ source: "built" });
        expect(await cacheEntries()).toEqual(["3.259.0"]);
      } finally {
        driver.kill("SIGKILL");
      }
    },
  );
});

function startDriver() {
  const folder = new URL("../../../automation/engine/", import.meta.url).href;
  const script = `
    import { findEngine } from "${folder}location.ts";
    import { goBuild } from "${folder}go-build.ts";
    await findEngine({ env: process.env, ways: [goBuild()] });`;
  return spawn(process.execPath, ["--input-type=module", "-e", script], { env, stdio: "ignore" });
}
