/** Runs the user's program of a migration step, as checks run theirs, and says how it ended. */

import type { Settings } from "../../infra/config.ts";
import { BlueGreenError } from "../../infra/errors.ts";
import type { Color, MigrationStep } from "../../infra/model.ts";
import { databaseOf, describeStep } from "../../infra/rules/migration.ts";
import type { Observed } from "../../infra/observation.ts";
import {
  captureCap,
  hidingValues,
  judgeEnding,
  programEnvironment,
  shownOutput,
} from "../checks/own-program.ts";
import { runProgram } from "../checks/program.ts";
import { hasClosedSecret } from "../closed-secret.ts";
import type { Event } from "../event.ts";
import type { Migrations } from "../ports.ts";
import { revealedSettings } from "../release.ts";
import type { Revealing } from "../release.ts";
import type { RunMigration } from "../rollout/action.ts";
import { quoted } from "../report/safe-text.ts";

/** Whose migrations they are. */
export type Migrating = Revealing & { readonly on: (event: Event) => void };

type Program = Omit<NonNullable<Settings["migrations"]["contract"]>, "to">;

/** The port of the loop; a person's Ctrl-C lets a step end, as it lets an update. */
export function migrationsOf(session: Migrating): Migrations {
  return {
    run: async (view, due) => {
      const program = await openProgram(session, due.step);
      const subject = subjectOf(view, due);
      const outcome = await runStep({ program, subject, cwd: session.cwd, env: process.env });
      const { kind, to } = due.step;
      const name = describeStep(due.step);
      session.on({ kind: "Migrated", step: kind, to, name, ...outcome });
      if (outcome.verdict === "pass") return;
      throw failed(due, `${name} failed: ${outcome.sentence}`);
    },
  };
}

/** Its secrets in clear. */
async function openProgram(session: Migrating, { kind, to }: MigrationStep): Promise<Program> {
  const own = session.settings.migrations[kind];
  const closed = own !== null && hasClosedSecret(own);
  const program = closed ? (await revealedSettings(session))?.migrations[kind] : own;
  if (program && !hasClosedSecret(program)) return program;
  const why = own ? "its secret values can't be read here" : "the settings don't have it";
  throw failed({ step: { kind, to } }, `${describeStep({ kind, to })} wasn't run: ${why}`);
}

function failed({ step }: Pick<RunMigration, "step">, message: string): BlueGreenError {
  const again = step.kind === "expand" ? "deploy again" : "`bluegreen migrate contract`";
  return new BlueGreenError("MIGRATION_FAILED", message, {
    hint: `traffic stays where it is; mend the step, then ${again}: it is run from its beginning`,
  });
}

/** What a step's program is told of. */
export interface StepSubject {
  readonly environment: string;
  readonly step: MigrationStep;
  /** Null: unknown. */
  readonly schema: number | null;
  readonly version: string;
  /** The color that is to be filled; of a contract the one that serves. */
  readonly color: Color | null;
  readonly rolloutId: string | null;
}

function subjectOf({ environment, record, colors }: Observed, due: RunMigration): StepSubject {
  const { rollout, activeColor } = record;
  const { schema, pending } = databaseOf(record);
  const ofRollout = due.rolloutId !== null && rollout !== null;
  const served = activeColor && colors[activeColor]?.release.version;
  return {
    environment,
    step: due.step,
    schema,
    version: pending?.release?.version ?? served ?? "",
    color: ofRollout ? rollout.color : activeColor,
    rolloutId: due.rolloutId ?? rollout?.id ?? null,
  };
}

export interface StepOutcome {
  readonly verdict: "pass" | "fail" | "error";
  readonly sentence: string;
  /** The end of its output; bounded, its secrets hidden. */
  readonly evidence: string;
}

/** Never rejects; whatever the program leaves running is ended with it. */
export async function runStep(run: {
  readonly program: Program;
  readonly subject: StepSubject;
  readonly cwd: string;
  readonly env: Readonly<NodeJS.ProcessEnv>;
}): Promise<StepOutcome> {
  const { program, subject, cwd, env: outer } = run;
  const { env, timeoutMs } = program;
  const argv = program.argv.map((word) => filledIn(word, subject));
  const { ending, output } = await runProgram({
    argv,
    cwd,
    env: programEnvironment(outer, env, toldOf(subject)),
    timeoutMs,
    outputCap: captureCap(env),
    signal: new AbortController().signal,
  });
  const [verdict, ended] = judgeEnding(ending, timeoutMs);
  const hide = hidingValues(env);
  return {
    verdict: verdict === "inconclusive" ? "error" : verdict,
    sentence: `${quoted(hide(argv.join(" ")))} ${ended}`,
    evidence: shownOutput(output, hide, ended),
  };
}

function filledIn(word: string, { version, step }: StepSubject): string {
  return word.replaceAll("{version}", () => version).replaceAll("{to}", () => String(step.to));
}

function toldOf(subject: StepSubject): Readonly<Record<string, string>> {
  const { environment, step, schema, version, color, rolloutId } = subject;
  return {
    BLUEGREEN_ENVIRONMENT: environment,
    BLUEGREEN_STEP: step.kind,
    BLUEGREEN_SCHEMA: schema === null ? "" : String(schema),
    BLUEGREEN_SCHEMA_TO: String(step.to),
    BLUEGREEN_VERSION: version,
    BLUEGREEN_COLOR: color ?? "",
    BLUEGREEN_ROLLOUT: rolloutId ?? "",
  };
}
