/**
 * Imported before Pulumi's SDK: spares a process what the SDK loads only to serialize functions,
 * which no resource here needs. TypeScript and npm's resolver are two thirds of the SDK's start and
 * a third of its memory; whoever touches them still gets them.
 */

import { createRequire, Module } from "node:module";

const sdk = createRequire(createRequire(import.meta.url).resolve("@pulumi/pulumi"));

for (const name of ["typescript", "@npmcli/arborist"]) defer(name);

/** Puts a stand-in where `require` looks first; it becomes the module at its first use. */
function defer(name: string): void {
  const file = fileOf(name);
  if (file === null || sdk.cache[file]) return;
  const placeholder = new Module(file);
  const loaded = (): object => {
    if (sdk.cache[file] === placeholder) Reflect.deleteProperty(sdk.cache, file);
    return sdk(file) as object;
  };
  placeholder.filename = file;
  placeholder.loaded = true;
  placeholder.exports = new Proxy(
    {},
    {
      // Compiled code asks for this mark when it imports; it says that nothing is to be copied.
      get: (_, key) => key === "__esModule" || (Reflect.get(loaded(), key) as unknown),
      has: (_, key) => Reflect.has(loaded(), key),
    },
  );
  sdk.cache[file] = placeholder;
}

/** Null where it isn't installed: the SDK then has a way of its own. */
function fileOf(name: string): string | null {
  try {
    return sdk.resolve(name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND") return null;
    throw error;
  }
}
