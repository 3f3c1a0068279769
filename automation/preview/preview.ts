/** `bluegreen preview`: gathers what a switch or release would do, and changes nothing for it. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { BlueGreenError } from "../../infra/errors.ts";
import { colors, perColor } from "../../infra/model.ts";
import type { Color, PerColor } from "../../infra/model.ts";
import { observe } from "../../infra/observation.ts";
import type { Observed, StackOutputs } from "../../infra/observation.ts";
import type { Settings } from "../../infra/config.ts";
import type { Reporter } from "../event.ts";
import { judgeSql } from "../migrations/sql-files.ts";
import { policyOf } from "../operations/policy.ts";
import { isDeadHere, thisOwner } from "../owner.ts";
import { readProject } from "../project.ts";
import { revealedSettings } from "../release.ts";
import type { Deploy, SwitchTo } from "../rollout/goal.ts";
import type { Session } from "../session.ts";
import { openSession } from "../session.ts";
import { warmReport } from "../status/warm.ts";
import { EnginePreview } from "./engine-preview.ts";
import type { PreviewFacts, StackFacts } from "./facts.ts";
import { readMeasured } from "./measured.ts";
import { isRefusal } from "./refusal.ts";
import type { Situation } from "./request.ts";
import { drivenPreviews, filePreview, handPreviews } from "./request.ts";
import { environmentValues } from "./secrets.ts";
import type { Simulation } from "./simulation.ts";
import { simulate } from "./simulation.ts";
import { summarize } from "./summarize.ts";
import type { Asked, PreviewSummary } from "./summary.ts";
import { connectionNotes } from "./connections.ts";
import { syntheticSentence } from "../rollout/synthetic.ts";

export interface PreviewOptions {
  /** Folder with Pulumi.yaml. */
  readonly cwd: string;
  /** Name of the environment. */
  readonly stack: string;
  readonly asked: Asked;
  readonly reporter: Reporter;
}

/** Names the imagined rollout; it appears nowhere. */
const imaginedRollout = "r-preview";

/**
 * Takes no lock and writes to a temporary folder only, which is gone when it returns.
 * @throws what opening a session throws, and the engine's failures; a refusal is part of the summary
 */
export async function preview(options: PreviewOptions): Promise<PreviewSummary> {
  const scratch = await mkdtemp(join(tmpdir(), "bluegreen-preview-"));
  try {
    const { cwd, stack, reporter } = options;
    const { application } = readProject({ cwd, stack });
    const quiet: Reporter = {
      on: (event) => {
        if (event.kind === "Progressed") reporter.on(event);
      },
    };
    const session = await openSession({ cwd, stack, reporter: quiet, scratch });
    return summarize(await gather(session, { scratch, asked: options.asked, application }));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

interface Gathering {
  readonly scratch: string;
  readonly asked: Asked;
  /** As the settings file says it. */
  readonly application: string | null;
}

async function gather(session: Session, gathering: Gathering): Promise<PreviewFacts> {
  const { settings, platform, settingsFile } = session;
  const { asked, application } = gathering;
  const [outputs, measured] = await Promise.all([readOutputs(session), measuredOf(session)]);
  const view = await observe({ settings, platform, outputs, nowMs: Date.now() });
  const revealed = await revealedSettings(session);
  const sql = asked.kind === "deploy" ? await judgeSql(session, view.record) : null;
  const situation: Situation = { settings, revealed, platform, outputs, view };
  const simulation = await imagined(session, situation, asked);
  const engine = new EnginePreview(session, gathering.scratch);
  const {
    router,
    colors: stacks,
    notes,
  } = simulation
    ? await askDriven(engine, situation, simulation)
    : await askFile(engine, situation);
  refuseFailure(router?.error ?? null);
  const { environment, activeColor, generation, bake, checks, rollbackWindowMs } = settings;
  return {
    asked,
    environment,
    platform: platform.name,
    settingsFile: basename(settingsFile),
    file: { activeColor, generation },
    view,
    router,
    colors: stacks,
    simulation,
    checks: checks.length,
    bakeMs: bake.durationMs,
    rollbackWindowMs,
    measured,
    sqlRefusal: sql?.refusal ?? null,
    cost: platform.cost(settings, platform.size(settings)).sentence,
    notes: [
      ...(application === null ? [`${basename(settingsFile)} ${noApplication}`] : []),
      ...warmNotes(view, settings),
      ...notes,
      ...(simulation?.flip ? connectionsOf(settings, view) : []),
      ...(sql?.notes ?? []),
      ...syntheticNote(simulation, settings),
    ],
    hidden: environmentValues(revealed ?? settings, ...Object.values(outputs.colors)),
  };
}

function connectionsOf(
  settings: Session["settings"],
  { record }: PreviewFacts["view"],
): readonly string[] {
  return record.activeColor === null ? [] : connectionNotes(settings, record.activeColor);
}

/** Only where something is judged. */
function syntheticNote(
  simulation: PreviewFacts["simulation"],
  { bake }: Session["settings"],
): readonly string[] {
  const judged = simulation?.steps.some(
    ({ kind }) => kind === "watch" || (kind === "bake" && bake.durationMs > 0),
  );
  const sentence = judged === true ? syntheticSentence(bake.synthetic) : null;
  return sentence === null ? [] : [sentence];
}

function warmNotes(view: Observed, settings: Settings): readonly string[] {
  return colors.flatMap((color) => {
    const warm = warmReport(view, color, settings);
    return warm ? [`${color}: ${warm.sentence}`] : [];
  });
}

const noApplication =
  "has no bluegreen:application yet: the first `bluegreen up` or `deploy` chooses one";

async function readOutputs({ engine, settings }: Session): Promise<StackOutputs> {
  const { environment } = settings;
  const [router, blue, green] = await Promise.all([
    engine.outputs({ environment, color: null }),
    engine.outputs({ environment, color: "blue" }, { open: true }),
    engine.outputs({ environment, color: "green" }, { open: true }),
  ]);
  return { router, colors: { blue, green } };
}

function measuredOf({ application, settings }: Session) {
  return readMeasured(application, settings.environment);
}

/** Null for the settings file: there the program alone decides. */
async function imagined(
  session: Session,
  situation: Situation,
  asked: Asked,
): Promise<Simulation | null> {
  const { settings, platform, view } = situation;
  const goal = await goalOf(situation, asked);
  if (!goal) return null;
  const { activeColor, generation } = settings;
  return simulate({
    goal,
    policy: { ...policyOf(settings, platform.size(settings)), gate: "automatic", gateMs: 0 },
    self: { owner: thisOwner(), rolloutId: imaginedRollout, isDead: isDeadHere },
    view,
    file: { declared: { activeColor, generation }, name: basename(session.settingsFile) },
  });
}

async function goalOf(
  { revealed, platform }: Situation,
  asked: Asked,
): Promise<Deploy | SwitchTo | null> {
  switch (asked.kind) {
    case "file":
      return null;
    case "switch":
      return { kind: "SwitchTo", color: asked.color, bake: true };
    case "deploy": {
      const { version } = asked;
      const frozen = revealed && (await platform.freeze(revealed, { version, store: false }));
      return { kind: "Deploy", version, digest: frozen?.release.digest ?? null };
    }
  }
}

interface Asking {
  readonly router: StackFacts | null;
  readonly colors: PerColor<StackFacts | null>;
  readonly notes: readonly string[];
}

async function askDriven(
  engine: EnginePreview,
  situation: Situation,
  simulation: Simulation,
): Promise<Asking> {
  const wanted = drivenPreviews(situation, simulation);
  const found = await engine.previewAll(wanted);
  const of = (color: Color | null): StackFacts | null =>
    found[wanted.findIndex(({ role }) => role.color === color)] ?? null;
  return { router: of(null), colors: perColor(of), notes: [] };
}

async function askFile(engine: EnginePreview, situation: Situation): Promise<Asking> {
  const byHand = await handPreviews(situation);
  const wanted = byHand.flatMap((each) => (each.kind === "wanted" ? [each.wanted] : []));
  const [router = null, ...asked] = await engine.previewAll([filePreview(situation), ...wanted]);
  const of = (color: Color): StackFacts | null => {
    const judged = byHand.find((each) => each.color === color && each.kind === "judged");
    if (judged?.kind === "judged") return judged.facts;
    return asked[wanted.findIndex(({ role }) => role.color === color)] ?? null;
  };
  const notes = byHand.flatMap((each) => (each.kind === "left" && each.note) || []);
  return { router, colors: perColor(of), notes };
}

/** A failure of the engine is no answer; a color that can't be previewed says so on its own. */
function refuseFailure(error: BlueGreenError | null): void {
  if (error && !isRefusal(error)) throw error;
}
