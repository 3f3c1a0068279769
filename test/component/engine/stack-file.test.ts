/** What is read from the files of a folder backend, and when the CLI has to be asked instead. */
import { mkdir, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { StackAddress } from "../../../automation/engine/lock.ts";
import { readStackFile } from "../../../automation/engine/stack-file.ts";
import { makeScratch } from "./scratch.ts";
import type { Scratch } from "./scratch.ts";

let scratch: Scratch;
let address: StackAddress;
const stacks = ".pulumi/stacks/shop";

beforeEach(async () => {
  scratch = await makeScratch();
  address = { url: pathToFileURL(scratch.folder).href, project: "shop", stack: "dev" };
});

afterEach(() => scratch.remove());

async function layout(meta = "version: 1\n"): Promise<void> {
  await mkdir(scratch.path(stacks), { recursive: true });
  await writeFile(scratch.path(".pulumi/meta.yaml"), meta);
}

async function state(latest: unknown, version = 4, name = "dev.json"): Promise<void> {
  await layout();
  const checkpoint = { stack: "organization/shop/dev", latest };
  await writeFile(scratch.path(stacks, name), JSON.stringify({ version, checkpoint }));
}

const root = (outputs: unknown, more: object = {}) => ({
  urn: "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev",
  type: "pulumi:pulumi:Stack",
  outputs,
  ...more,
});
const secret = {
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  ciphertext: "v1:abc:def",
};

describe("the state of a stack in a folder", () => {
  it("is the outputs of its root, each secret closed", async () => {
    const thing = { type: "shop:index:Thing", outputs: { size: 9 } };
    await state({ resources: [root({ size: 2, spec: secret, list: [{ key: secret }] }), thing] });
    expect(await readStackFile(address)).toEqual({
      outputs: { size: 2, spec: "[secret]", list: [{ key: "[secret]" }] },
      hasSecrets: true,
      isEmpty: false,
    });
  });

  it("is empty before the first update and after everything is gone", async () => {
    const empty = { outputs: {}, hasSecrets: false, isEmpty: true };
    for (const latest of [null, {}, { resources: null }, { resources: [] }]) {
      await state(latest);
      expect(await readStackFile(address)).toEqual(empty);
    }
  });

  it("isn't empty while something of it was left undone", async () => {
    await state({ pending_operations: [{ type: "creating" }] });
    expect(await readStackFile(address)).toMatchObject({ isEmpty: false });
  });

  it("is missing where the folder holds other stacks only, or nothing yet", async () => {
    expect(await readStackFile(address)).toBe("missing");
    await layout();
    expect(await readStackFile(address)).toBe("missing");
  });
});

describe("the CLI is asked", () => {
  const asked = async (): Promise<void> => {
    expect(await readStackFile(address)).toBe("unknown");
  };

  it("about a backend that isn't a folder, or a folder that isn't there", async () => {
    for (const url of [null, "s3://bucket", `${address.url ?? ""}/nowhere`]) {
      address = { ...address, url };
      await asked();
    }
  });

  it("about a layout from before projects had folders, or from later", async () => {
    for (const meta of ["", "version: 0\n", "version: 10\n"]) {
      await layout(meta);
      await asked();
    }
  });

  it("about a file of another version, or one that was compressed", async () => {
    await state({ resources: [root({})] }, 5);
    await asked();
    await scratch.remove();
    await state({ resources: [root({})] }, 4, "dev.json.gz");
    await asked();
  });

  it("about a file that is cut short or makes no sense, so that it says what is wrong", async () => {
    await layout();
    for (const text of ["", '{"version":4,"checkpoint":{', "null", '{"version":4}', "[]"]) {
      await writeFile(scratch.path(stacks, "dev.json"), text);
      await asked();
    }
    await state({ resources: "many" });
    await asked();
    await state({ resources: [root({}), root({}, { delete: true })] });
    await asked();
  });
});
