/** What Pulumi's SDK loads only to serialize functions is there when it is needed, not before. */

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const deferred = fileURLToPath(new URL("../../infra/deferred-modules.ts", import.meta.url));

/** Runs a module's code by a Node of its own, in which nothing is loaded yet. */
function run(code: string): unknown {
  const script = `
    import ${JSON.stringify(deferred)};
    import * as pulumi from "@pulumi/pulumi";
    import { createRequire } from "node:module";
    const sdk = createRequire(createRequire(${JSON.stringify(deferred)}).resolve("@pulumi/pulumi"));
    const isLoaded = (part) => Object.keys(sdk.cache).some((file) => file.includes(part));
    ${code}
  `;
  const args = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script];
  const cwd = fileURLToPath(new URL("../..", import.meta.url));
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8", cwd }));
}

test("the SDK starts without npm's resolver and without TypeScript", () => {
  const code = `
    const { types } = await import("node:util");
    const typescript = sdk.cache[sdk.resolve("typescript")];
    console.log(JSON.stringify({
      resolver: isLoaded("arborist/lib/node.js"),
      typescript: !types.isProxy(typescript.exports),
    }));
  `;
  expect(run(code)).toEqual({ resolver: false, typescript: false });
});

test("a function can still be serialized, which needs both", () => {
  const code = `
    const amount = 41;
    const { text } = await pulumi.runtime.serializeFunction(() => amount + 1);
    await pulumi.runtime.computeCodePaths();
    console.log(JSON.stringify({
      closure: text.includes("41"),
      resolver: isLoaded("arborist/lib/node.js"),
    }));
  `;
  expect(run(code)).toEqual({ closure: true, resolver: true });
});

test("TypeScript itself is whole when somebody uses it", () => {
  const code = `
    const typescript = sdk("typescript");
    const known = "createSourceFile" in typescript && !("nothing" in typescript);
    console.log(JSON.stringify({ known, kind: typeof typescript.SyntaxKind.Identifier }));
  `;
  expect(run(code)).toEqual({ known: true, kind: "number" });
});
