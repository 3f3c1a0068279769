import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";

import {
  copyForEngine,
  editSettings,
  readSettingsFile,
  writeSettingsFile,
} from "../../../automation/adapters/settings-file.ts";
import { refusalOf } from "../config/refusal.ts";

const nasty = `# first line\t
---
encryptionsalt: v1:abc=   # salt

config:   # all of it
    bluegreen:environment:    'prod'   # quoted
    # about the color
    "bluegreen:activeColor":  "blue"    # live   
    bluegreen:local: &local
        command: [ "node",   'server.ts' ]
        env: { KEY: { secure: v1:a+b/c== } , T: ~ }
        # last comment in local

    # about what follows
    aws:region:   eu-central-1
    bluegreen:note: |-
        several
          lines

    bluegreen:copy: *local
    bluegreen:folded: >+
        a
        b


    bluegreen:plain: one
      two
`;

describe("editing settings", () => {
  test("nothing leaves every byte as it was", () => {
    for (const text of [nasty, nasty.replaceAll("\n", "\r\n"), `\uFEFF${nasty}`, nasty.trimEnd()]) {
      expect(editSettings(text, {})).toBe(text);
      expect(editSettings(text, { activeColor: "blue", environment: "prod" })).toBe(text);
    }
  });

  test("a value keeps its quotes, its place and the comments around it", () => {
    expect(editSettings(nasty, { activeColor: "green" })).toBe(
      nasty.replace(`"blue"    # live`, `"green"    # live`),
    );
    expect(editSettings(nasty, { environment: "it's" })).toBe(
      nasty.replace(`'prod'   # quoted`, `'it''s'   # quoted`),
    );
  });

  test.each([
    ["a: 3 # x", "a: 4 # x", 4],
    ["a: '3'", "a: '4'", 4],
    ['a: "3"', 'a: "4"', "4"],
    ["a: 3", "a: 4", "4"],
    ["a: blue", 'a: "4"', "4"],
    ["a: blue", "a: green", "green"],
    ["a: blue", 'a: "no"', "no"],
    ["a: blue", 'a: "1.10"', "1.10"],
    ["a: blue", 'a: "x: #y"', "x: #y"],
    ["a:", "a: green", "green"],
    ["a: # empty", "a: green # empty", "green"],
    ["a: ~", "a: green", "green"],
    ["a: ~", 'a: "null"', "null"],
    ["a: |\n    text", "a: green", "green"],
    ["a: one\n    two # c", "a: green # c", "green"],
    ["a: !!str 3", "a: !!str 4", "4"],
  ])("%j becomes %j", (before, after, value) => {
    const around = (line: string) => `config:\n  ${line}\n  b: 1\n`;
    expect(editSettings(around(before), { a: value })).toBe(around(after));
  });

  test("a new key stands below its neighbour in the schema, indented as it is", () => {
    const edited = editSettings(nasty, { generation: 7, application: "shop" });
    const expected = nasty
      .replace(/( +"bluegreen:activeColor".*\n)/, "$1    bluegreen:generation: 7\n")
      .replace(/( +bluegreen:environment:.*\n)/, "$1    bluegreen:application: shop\n");
    expect(edited).toBe(expected);
  });

  test("a new key stands above the comments of what follows its neighbour", () => {
    const text =
      "config:\n  bluegreen:health:\n    path: /x\n    # end\n  # next\n  bluegreen:z: 1\n";
    expect(editSettings(text, { bake: "x" })).toBe(
      text.replace("path: /x\n", "path: /x\n  bluegreen:bake: x\n"),
    );
  });

  test.each([
    ["", "config:\n  bluegreen:generation: 1\n"],
    ["# none", "# none\nconfig:\n  bluegreen:generation: 1\n"],
    ["a: 1\r\n", "a: 1\r\nconfig:\r\n  bluegreen:generation: 1\r\n"],
    ["config: # all\na: 1\n", "config: # all\n  bluegreen:generation: 1\na: 1\n"],
    ["config: {}\n", 'config: {"bluegreen:generation": 1}\n'],
    ["config: {a: 1} # c\n", 'config: {a: 1, "bluegreen:generation": 1} # c\n'],
    ["config:\n  a: 1", "config:\n  a: 1\n  bluegreen:generation: 1"],
    ["config:\r\n  a: |\r\n   x\r\n", "config:\r\n  a: |\r\n   x\r\n  bluegreen:generation: 1\r\n"],
    ["config:\n  generation: 0\n", "config:\n  generation: 1\n"],
  ])("of %j makes %j", (before, after) => {
    expect(editSettings(before, { generation: 1 })).toBe(after);
  });

  test.each([
    ["a secret", "config:\n  bluegreen:version: {secure: abc}\n"],
    ["a list", "config:\n  bluegreen:version:\n    - 1\n"],
    ["an anchor's value", "config:\n  bluegreen:version: &v 1\n  b: *v\n"],
    ["a key after an end mark", "a: 1\n...\n"],
    ["a file in braces", '{"a": 1}\n'],
    ["an explicit null", "config: ~\n"],
  ])("refuses %s and shows the line to write", (_title, text) => {
    const error = refusalOf(() => editSettings(text, { version: "2" }, "Pulumi.dev.yaml"));
    expect(error.code).toBe("STORE_FAILED");
    expect(error.hint).toContain('bluegreen:version: "2"');
  });

  test("replaces an alias without touching what it points to", () => {
    const text = "config:\n  a: &v 1\n  bluegreen:version: *v\n";
    expect(editSettings(text, { version: "x" })).toBe(text.replace("*v", "x"));
  });

  test("refuses several documents and what isn't YAML", () => {
    for (const text of ["config: {}\n---\nconfig: {}\n", "config: {\n", "config:\n\ta: 1\n"]) {
      expect(refusalOf(() => editSettings(text, { version: "2" })).code).toBe(
        "SETTINGS_UNREADABLE",
      );
    }
  });

  test("any text is read back as it was given", () => {
    const styles = fc.constantFrom("x", "'x'", '"x"', "3", "", "|\n    x");
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 20 }), styles, (value, style) => {
        const text = `config:\n  bluegreen:version: ${style}\n  other: 1\n`;
        const { config } = parse(editSettings(text, { version: value })) as {
          config: Record<string, unknown>;
        };
        const found = config["bluegreen:version"] ?? "";
        expect(typeof found === "number" ? found.toString() : found).toBe(value);
        expect(config["other"]).toBe(1);
      }),
      { numRuns: 40 },
    );
  });
});

describe("settings files", () => {
  let folder = "";
  let path = "";
  const text = "# mine\nconfig:\n  bluegreen:activeColor: blue # now\n";

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "bluegreen-settings-"));
    path = join(folder, "Pulumi.dev.yaml");
    writeFileSync(path, text);
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test("are changed in place of what they are now, not of what they were", () => {
    readSettingsFile(path);
    writeFileSync(path, text.replace("# mine", "# ours"));
    expect(writeSettingsFile(path, { activeColor: "green", generation: 2 })).toBe(true);
    expect(readFileSync(path, "utf8")).toBe(
      "# ours\nconfig:\n  bluegreen:activeColor: green # now\n  bluegreen:generation: 2\n",
    );
    expect(readdirSync(folder)).toEqual(["Pulumi.dev.yaml"]);
  });

  test("that change while they are written are read and changed anew", () => {
    let reads = 0;
    const read = (file: string) => {
      reads += 1;
      if (reads === 2) writeFileSync(file, `${text}  bluegreen:drain: 5s\n`);
      return readSettingsFile(file);
    };
    expect(writeSettingsFile(path, { activeColor: "green" }, read)).toBe(true);
    expect(readFileSync(path, "utf8")).toBe(
      `${text.replace("blue #", "green #")}  bluegreen:drain: 5s\n`,
    );
  });

  test("that never stop changing are left alone", () => {
    let reads = 0;
    const read = (file: string) => {
      reads += 1;
      writeFileSync(file, `${text}# ${reads}\n`);
      return readSettingsFile(file);
    };
    const error = refusalOf(() => writeSettingsFile(path, { activeColor: "green" }, read));
    expect(error.code).toBe("STORE_FAILED");
    expect(readFileSync(path, "utf8")).toBe(`${text}# ${reads}\n`);
    expect(readdirSync(folder)).toEqual(["Pulumi.dev.yaml"]);
  });

  test("keep their mode and stay where a symbolic link points", () => {
    const link = join(folder, "link.yaml");
    symlinkSync(path, link);
    chmodSync(path, 0o666);
    expect(writeSettingsFile(link, { activeColor: "green" })).toBe(true);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o666);
    expect(readFileSync(path, "utf8")).toContain("activeColor: green");
  });

  test("aren't written where nothing changes", () => {
    const before = statSync(path, { bigint: true });
    expect(writeSettingsFile(path, { activeColor: "blue" })).toBe(false);
    expect(statSync(path, { bigint: true })).toMatchObject({
      ino: before.ino,
      mtimeNs: before.mtimeNs,
    });
  });

  test("are copied for the engine with other values, for the owner's eyes only", () => {
    const copies = join(folder, "copies");
    const copy = copyForEngine(path, { activeColor: "green" }, copies);
    expect(copy).toBe(join(copies, "Pulumi.dev.yaml"));
    expect(readFileSync(copy, "utf8")).toBe(text.replace("blue #", "green #"));
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, "utf8")).toBe(text);
    expect(copyForEngine(path, {}, copies)).toBe(copy);
    expect(readFileSync(copy, "utf8")).toBe(text);
  });

  test("are never replaced by their own copy", () => {
    const error = refusalOf(() => copyForEngine(path, { activeColor: "green" }, folder));
    expect(error.code).toBe("STORE_FAILED");
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  test("that are missing or aren't text say so", () => {
    const missing = refusalOf(() => readSettingsFile(join(folder, "Pulumi.prod.yaml")));
    expect([missing.code, missing.message]).toEqual([
      "SETTINGS_UNREADABLE",
      `${join(folder, "Pulumi.prod.yaml")} doesn't exist`,
    ]);
    writeFileSync(path, Buffer.from([0x63, 0xff, 0x0a]));
    expect(refusalOf(() => readSettingsFile(path)).message).toBe(`${path} isn't UTF-8 text`);
  });
});
