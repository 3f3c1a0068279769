/** Loads a component of the user's own, with the one copy of Pulumi's SDK that runs the program. */

import { createRequire, registerHooks } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { BlueGreenError, messageOf } from "../errors.ts";
import type { OwnColor } from "../own-color.ts";
import type { ComponentSource } from "./source.ts";

const sdk = "@pulumi/pulumi";
const mark = "component";
const here = import.meta.url;
const ownRequire = createRequire(here);
let hooked = false;

/**
 * Run natively by Node, in this process. An edited file is loaded anew.
 * @throws SETTINGS_INVALID where it can't be loaded or exports no function
 */
export async function loadComponent({ file, digest }: ComponentSource): Promise<OwnColor> {
  hookOnce();
  const url = pathToFileURL(file);
  // Enough to tell one edit from another; it shows in stack traces.
  url.searchParams.set(mark, digest.replace(/^sha256:/, "").slice(0, 12));
  const { default: made } = await load(file, url.href);
  // What was compiled to CommonJS has its own default in the one that Node makes.
  const found = isModule(made) ? made.default : made;
  if (typeof found === "function") return found as OwnColor;
  const what =
    found === undefined ? "has no default export" : "has a default export that can't run";
  throw new BlueGreenError("SETTINGS_INVALID", `the color component ${file} ${what}`, {
    hint: "export a function: `export default (args, opts) => [...]`, which returns addresses",
  });
}

async function load(file: string, url: string): Promise<{ readonly default?: unknown }> {
  try {
    return (await import(url)) as { readonly default?: unknown };
  } catch (cause) {
    const message = `the color component ${file} can't be loaded: ${messageOf(cause)}`;
    const isMissing = /^(ERR_)?MODULE_NOT_FOUND$/.test((cause as NodeJS.ErrnoException).code ?? "");
    const hint = isMissing
      ? "install the package in the project's folder, or write a local file with its ending: ./x.ts"
      : "correct it: Node runs it and strips types only; its name ends in .mts, or the nearest " +
        'package.json says "type": "module"';
    throw new BlueGreenError("SETTINGS_INVALID", message.replaceAll(/\s*\n\s*/g, " "), {
      hint,
      cause,
    });
  }
}

function isModule(value: unknown): value is { readonly default: unknown } {
  return typeof value === "object" && value !== null && "default" in value;
}

/** Packages load more of the SDK while they are used, so the hook stays. */
function hookOnce(): void {
  if (hooked) return;
  hooked = true;
  registerHooks({
    resolve(specifier, context, next) {
      const isSdk = specifier === sdk || specifier.startsWith(`${sdk}/`);
      if (isSdk && context.parentURL !== here) {
        // A second copy, the user's own, would know nothing of the update that is running.
        const url = pathToFileURL(ownRequire.resolve(specifier)).href;
        return { url, shortCircuit: true };
      }
      const found = next(specifier, context);
      return { ...found, url: marked(found.url, specifier, context.parentURL) };
    },
  });
}

/** Local files that a component imports are loaded anew with it. */
function marked(url: string, specifier: string, parent: string | undefined): string {
  if (parent === undefined || !/^\.\.?\//.test(specifier) || !url.startsWith("file:")) return url;
  const digest = URL.parse(parent)?.searchParams.get(mark) ?? null;
  if (digest === null || fileURLToPath(url).includes("/node_modules/")) return url;
  const own = new URL(url);
  own.searchParams.set(mark, digest);
  return own.href;
}
