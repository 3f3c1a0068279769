/** The Pulumi engine of a project: which one it is, where its state lives, how it is called. */

import { isAtHome } from "../../infra/config/at-home.ts";
import type { CliTarget } from "../adapters/pulumi-cli.ts";
import { chooseBackend } from "./backend.ts";
import type { BackendChoice } from "./backend.ts";
import { engineEnvironment } from "./environment.ts";
import { findEngine } from "./location.ts";
import type { Engine as FoundEngine } from "./location.ts";
import { describeProgress } from "./way.ts";
import type { Event } from "../event.ts";
import type { Project } from "../project.ts";

export interface EngineAccess {
  readonly found: FoundEngine;
  readonly backend: BackendChoice;
  /** What a process that runs Pulumi for this environment gets beside its own environment. */
  readonly engineEnv: Readonly<Record<string, string>>;
  readonly cli: CliTarget;
}

export interface AccessOptions {
  readonly on: (event: Event) => void;
  /** False: only an engine that is on this machine already. Default: true. */
  readonly allowFetch?: boolean;
  /** For a preview: where a state of ours that doesn't exist yet is made. */
  readonly scratch?: string | undefined;
}

/** @throws ENGINE_MISSING, BACKEND_MISSING, PASSPHRASE_WRONG, STORE_FAILED */
export async function openEngine(
  { settings, settingsFile, cwd, application, project }: Project,
  { on, allowFetch = true, scratch }: AccessOptions,
): Promise<EngineAccess> {
  const { environment, platform } = settings;
  const { env } = process;
  const [found, backend] = await Promise.all([
    findEngine({
      env,
      allowFetch,
      remember: true,
      progress: (progress) => {
        on({ kind: "Progressed", sentence: describeProgress(progress) });
      },
    }),
    chooseBackend({
      env,
      cwd,
      platform,
      atHome: isAtHome(settings),
      application,
      environment,
      ...(scratch === undefined ? {} : { scratch }),
    }),
  ]);
  const engineEnv = engineEnvironment({ engine: found, backend, nodeBin: process.execPath });
  const { url: backendUrl } = backend;
  const cli = { pulumi: found.pulumi, cwd, env: engineEnv, settingsFile, project, backendUrl };
  return { found, backend, engineEnv, cli };
}
