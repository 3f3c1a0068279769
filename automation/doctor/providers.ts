/** Provider processes of ours whose engine is gone: what a killed update left running. */

import { ownCommands } from "../../infra/process-list.ts";
import type { CommandRow } from "../../infra/process-list.ts";
import { note } from "./finding.ts";
import type { Finding } from "./finding.ts";

/** Those of this user, whichever project they belonged to. */
export function examineProviders(): readonly Finding[] {
  return strayProviders(ownCommands()).map((pid) => {
    const sentence = `process ${pid} is a provider whose Pulumi engine is gone; it changes nothing`;
    return note("leftovers", sentence, `it ends by itself in seconds, or else: kill ${pid}`);
  });
}

export function strayProviders(rows: readonly CommandRow[]): readonly number[] {
  const engines = new Set(rows.filter(({ command }) => isEngine(command)).map(({ pid }) => pid));
  return rows
    .filter(({ parent, command }) => isProvider(command) && !engines.has(parent))
    .map(({ pid }) => pid);
}

/** Each is started with its engine's address, after what options the engine hands on. */
function isProvider(command: string): boolean {
  return /\/infra\/provider\/main\.ts (-.* )?\S+:\d+$/.test(command.trimEnd());
}

/** Also where its path has blanks. */
function isEngine(command: string): boolean {
  return /(^|\/)pulumi( |$)/.test(command);
}
