/** Previews stacks on the real engine; one that doesn't exist yet against a temporary backend. */

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { ProgramContext, ProgramEvent } from "../../infra/context.ts";
import { BlueGreenError } from "../../infra/errors.ts";
import type { StackRole } from "../../infra/stack-role.ts";
import { stackName } from "../../infra/stack-role.ts";
import type { Change } from "../adapters/engine-step.ts";
import { Engine } from "../adapters/engine.ts";
import type { Session } from "../session.ts";
import type { StackFacts } from "./facts.ts";

export interface WantedPreview {
  readonly role: StackRole;
  /** False: nothing of it is in the backend, or will be by then. */
  readonly exists: boolean;
  readonly context: Omit<ProgramContext, "on">;
}

export class EnginePreview {
  private readonly session: Session;
  private readonly scratch: string;
  private temporary: Promise<Engine> | null = null;

  /** @param scratch folder for a temporary backend; the caller removes it */
  constructor(session: Session, scratch: string) {
    this.session = session;
    this.scratch = scratch;
  }

  /**
   * Side by side. A program that fails makes those beside it fail, as the engine's runtime listens
   * for errors of the whole process: whoever failed without a refusal of its own is asked alone.
   */
  async previewAll(wanted: readonly WantedPreview[]): Promise<readonly StackFacts[]> {
    const first = await Promise.all(wanted.map((each) => this.preview(each)));
    if (wanted.length < 2) return first;
    const certain: StackFacts[] = [];
    for (const [index, facts] of first.entries()) {
      const each = wanted[index];
      certain.push(each && isDoubtful(facts) ? await this.preview(each) : facts);
    }
    return certain;
  }

  private async preview({ role, exists, context }: WantedPreview): Promise<StackFacts> {
    const events: ProgramEvent[] = [];
    const changes: Change[] = [];
    const known = { stack: stackName(role), exists, events, changes };
    try {
      const engine = exists ? this.session.engine : await this.temporaryEngine();
      if (!exists) await engine.ensureStack(role);
      await engine.run({
        role,
        operation: "preview",
        message: "preview",
        context: {
          ...context,
          on: (event) => {
            events.push(event);
          },
        },
        onChange: (change) => {
          changes.push(change);
        },
      });
      return { ...known, error: null };
    } catch (error) {
      if (!(error instanceof BlueGreenError)) throw error;
      return { ...known, error };
    }
  }

  private temporaryEngine(): Promise<Engine> {
    this.temporary ??= this.makeTemporaryEngine();
    return this.temporary;
  }

  /** The environment's own passphrase, where there is one, opens the secrets of its settings. */
  private async makeTemporaryEngine(): Promise<Engine> {
    const { found, engineEnv, cwd, project, settingsFile } = this.session;
    const folder = join(this.scratch, "backend");
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const all = { ...process.env, ...engineEnv };
    const hasPassphrase =
      all["PULUMI_CONFIG_PASSPHRASE"] !== undefined ||
      all["PULUMI_CONFIG_PASSPHRASE_FILE"] !== undefined;
    const backendUrl = pathToFileURL(folder).href;
    return new Engine({
      pulumi: found.pulumi,
      version: found.version,
      cwd,
      project,
      settingsFile,
      backendUrl,
      env: {
        ...engineEnv,
        PULUMI_BACKEND_URL: backendUrl,
        ...(hasPassphrase ? {} : { PULUMI_CONFIG_PASSPHRASE: "preview" }),
      },
    });
  }
}

function isDoubtful({ events, error }: StackFacts): boolean {
  return error !== null && !events.some((event) => event.kind === "Refused");
}
