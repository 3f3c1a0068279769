/** What this machine brings: Node, the link to this program, and what happens after a reboot. */

import { existsSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { checkoutFolder } from "../engine/folders.ts";
import { isFolder, linkName, refersToLink } from "../init/link.ts";
import { note, ok, problem } from "./finding.ts";
import type { Finding } from "./finding.ts";
import { unitName } from "./systemd.ts";

export function examineNode(): Finding {
  const found = `${process.version} at ${process.execPath}`;
  // Absent where a Node can't run TypeScript at all, whatever its types say.
  const typescript = process.features.typescript as string | false | undefined;
  return typescript
    ? ok("node", found)
    : problem("node", `${found} can't run TypeScript`, "run `npm install` in the checkout");
}

/** Nothing for a project inside the checkout, which needs no link. */
export function examineLink(cwd: string): readonly Finding[] {
  if (!refersToLink(cwd)) return [];
  const link = join(cwd, linkName);
  if (!isFolder(link)) {
    const fix = "any command that changes something makes it, `bluegreen env` for one";
    return [note("link", `${linkName} leads nowhere; a plain pulumi can't find its program`, fix)];
  }
  const target = realpathSync(link);
  if (target === realpathSync(checkoutFolder))
    return [ok("link", `${linkName} leads to ${target}`)];
  const sentence = `${linkName} leads to ${target}, this bluegreen is in ${checkoutFolder}`;
  return [note("link", sentence, `use that one's bin/bluegreen, or remove ${link}`)];
}

/** Processes of this machine end with it; something must bring them back. */
export function examineReboot(application: string, environment: string): Finding {
  const name = unitName(application, environment);
  const folder = join(process.env["XDG_CONFIG_HOME"] ?? join(homedir(), ".config"), "systemd/user");
  if (existsSync(join(folder, name))) return ok("reboot", `${name} brings everything back`);
  const sentence = "after a reboot nothing serves until `bluegreen up` is run";
  if (!existsSync("/run/systemd/system")) return note("reboot", sentence);
  const unit = `bluegreen doctor --systemd -s ${environment} > ${join(folder, name)}`;
  return note("reboot", sentence, `let systemd do it: ${unit}`);
}
