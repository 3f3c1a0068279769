/** Tells GitHub: a deployment per rollout, and a status of it each time something changes. */

import { placeToldBy } from "../../infra/config.ts";
import type { NotifyTargetOf } from "../../infra/config.ts";
import { jsonAt } from "../../infra/probe/json.ts";
import { filledIn } from "../placeholders.ts";
import type { News, Standing } from "./news.ts";
import { NotTold, post } from "./reply.ts";
import type { Reply } from "./reply.ts";
import type { Remembered, Target, Telling } from "./target.ts";
import { headlineOf, sentenceIn } from "./wording.ts";

type Settings = NotifyTargetOf<"github">;
type Environment = Readonly<Record<string, string | undefined>>;

/** Of a status' description. */
const maxDescription = 140;

const states: Readonly<Record<Standing, string>> = {
  running: "in_progress",
  waiting: "pending",
  stopped: "pending",
  done: "success",
  aborted: "failure",
  rolledBack: "failure",
  inconclusive: "error",
  stuck: "error",
  routerDown: "error",
};

/** Variables in which CI systems name the commit. */
const commitVariables = [
  ...["GITHUB_SHA", "CI_COMMIT_SHA", "CIRCLE_SHA1", "BUILDKITE_COMMIT", "GIT_COMMIT"],
  ...["BITBUCKET_COMMIT", "TRAVIS_COMMIT", "DRONE_COMMIT_SHA", "BUILD_SOURCEVERSION"],
];

/** A switch moves traffic to what was deployed before, and is no deployment. */
export function githubTarget(settings: Settings, env: Environment): Target {
  const { repository } = settings;
  const token = settings.token ?? env["GITHUB_TOKEN"] ?? "";
  const known = commitVariables.map((name) => env[name] ?? "").find((value) => value !== "");
  return {
    name: `GitHub (${repository})`,
    key: placeToldBy(settings),
    tellsAll: false,
    wants: ({ rollout }) => rollout?.kind === "deploy",
    tell: (news, telling) =>
      tell({ ...settings, token, ref: settings.ref ?? known ?? null }, news, telling),
  };
}

type Complete = Settings & { readonly token: string };

async function tell(settings: Complete, news: News, telling: Telling): Promise<void> {
  const { remembered, remember, place } = telling;
  if (remembered.told.includes(news.key)) return;
  // A rollback from elsewhere has no deployment here, and makes none.
  if (remembered.id === null && !news.own) return;
  const found = remembered.id === null ? await create(settings, news, telling) : remembered;
  if (remembered.id === null) await remember(found);
  const description = brief(`${headlineOf(news)}: ${sentenceIn(news)}`);
  const state = states[news.standing];
  const { environment } = place;
  const path = `/deployments/${encodeURIComponent(String(found.id))}/statuses`;
  await send(settings, path, { state, description, environment }, telling);
  await remember({ ...found, told: [...found.told, news.key] });
}

async function create(settings: Complete, news: News, telling: Telling): Promise<Remembered> {
  const { rollout } = news;
  const { remembered, place } = telling;
  if (settings.token === "") {
    throw new NotTold("there is no token: set `token`, or the variable GITHUB_TOKEN", null);
  }
  if (settings.ref === null || rollout === null) {
    throw new NotTold("no variable of CI names the commit: set `ref`", null);
  }
  const body = {
    ref: filledIn(settings.ref, rollout),
    task: "deploy",
    environment: place.environment,
    description: brief(`${place.application} ${rollout.version}`),
    // What is deployed was decided already: nothing is merged, and no check is waited for.
    auto_merge: false,
    required_contexts: [],
    payload: { rollout: rollout.id, application: place.application },
  };
  const { document, where, status } = await send(settings, "/deployments", body, telling);
  const id = jsonAt(document, "id");
  if (status === 201 && typeof id === "number") return { ...remembered, id: String(id) };
  throw new NotTold(`${where} answered ${status}, and made no deployment`, null);
}

function send(
  { api, repository, token, timeoutMs }: Complete,
  path: string,
  body: Readonly<Record<string, unknown>>,
  { signal }: Telling,
): Promise<Reply> {
  const place = `/repos/${repository}${path}`;
  return post({
    url: `${api.replace(/\/+$/, "")}${place}`,
    path: place,
    headers: {
      accept: "application/vnd.github+json",
      authorization: `Bearer ${token}`,
      "x-github-api-version": "2022-11-28",
    },
    body: JSON.stringify(body),
    secrets: [token],
    timeoutMs,
    signal,
  });
}

/** Mentions are parted, and no letter of two code units is cut in half. */
function brief(text: string): string {
  const harmless = text.replaceAll("@", "@\u200b");
  if (harmless.length <= maxDescription) return harmless;
  return `${harmless.slice(0, maxDescription - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}
