/** What a release of one's own component is, and when a color can't be made again as it was. */

import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Settings } from "../../../infra/config.ts";
import { parseSettings } from "../../../infra/config.ts";
import { componentOf, freezeOwn, frozenComponent } from "../../../infra/own-color/release.ts";

let root: string;
let file: string;

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "bluegreen-own-")));
  file = join(root, "shop.ts");
  writeFileSync(file, "export default () => [];\n");
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function settings(color: object = {}): Settings {
  const own = JSON.stringify({ file, ...color });
  return parseSettings({ environment: "dev", application: "shop", color: own });
}

async function digest(color: object = {}, version = "1"): Promise<string> {
  return (await freezeOwn(file, settings(color), version)).release.digest;
}

describe("a release of one's own component", () => {
  test("is the same for the same version, files, data and secrets, in any order", async () => {
    const one = { with: { a: 1, b: [2, { c: 3, d: 4 }] }, secrets: { A: "1", B: "2" } };
    const two = { secrets: { B: "2", A: "1" }, with: { b: [2, { d: 4, c: 3 }], a: 1 } };
    expect(await digest(one)).toBe(await digest(two));
    expect(await digest({ size: 7, start: "1s" })).toBe(await digest());
  });

  test("is another with another version, file, data or secret", async () => {
    const all = [
      await digest(),
      await digest({}, "2"),
      await digest({ with: { a: 1 } }),
      await digest({ with: { a: "1" } }),
      await digest({ secrets: { A: "1" } }),
      await digest({ secrets: { A: "2" } }),
    ];
    writeFileSync(file, "export default () => [1];\n");
    expect(new Set([...all, await digest()]).size).toBe(7);
  });

  test("keeps what it is called with again", async () => {
    const frozen = await freezeOwn(file, settings({ with: { a: 1 }, secrets: { A: "x" } }), "1");
    expect(frozen.spec).toMatchObject({ with: { a: 1 }, secrets: { A: "x" } });
    expect(componentOf(frozen)).toMatch(/^sha256:/);
    expect(componentOf({ ...frozen, spec: { command: ["app"] } })).toBeNull();
    expect(componentOf({ ...frozen, spec: null })).toBeNull();
  });
});

describe("a color that is brought back or grows", () => {
  async function held() {
    const frozen = await freezeOwn(file, settings(), "1");
    return { settings: settings(), color: "blue", frozen, serves: true } as const;
  }

  test("is made by the component as it was", async () => {
    const args = await held();
    expect(await frozenComponent({ ...args, settings: settings({ with: { a: 2 } }) })).toEqual({
      file,
      digest: args.frozen.spec.component,
    });
  });

  test("is refused while it serves and the file was edited", async () => {
    const args = await held();
    writeFileSync(file, "export default () => [1];\n");
    await expect(frozenComponent(args)).rejects.toMatchObject({
      code: "COLOR_SERVES",
      message: `blue has traffic with 1 as your own component made it, and ${file} was edited since`,
      hint: expect.stringMatching(/put it back as it was.*`bluegreen deploy`/) as string,
    });
    await expect(frozenComponent({ ...args, serves: false })).rejects.toMatchObject({
      code: "RELEASE_CHANGED",
    });
  });

  test("is refused once no component is set, and where its file is gone", async () => {
    const args = await held();
    const local = '{"command":["app"]}';
    const without = parseSettings({ environment: "dev", local });
    await expect(frozenComponent({ ...args, settings: without })).rejects.toMatchObject({
      code: "COLOR_SERVES",
      message: expect.stringMatching(/bluegreen:color\.file isn't set any more$/) as string,
    });
    rmSync(file);
    await expect(frozenComponent(args)).rejects.toMatchObject({ code: "SETTINGS_INVALID" });
  });
});
