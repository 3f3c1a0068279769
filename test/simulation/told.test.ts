/** What others are told of each simulated scenario: each thing once, and incidents as one alert. */

import { describe, expect, test, vi } from "vitest";
import type { Event } from "../../automation/event.ts";
import { isAlert } from "../../automation/notify/news.ts";
import { emptyStory, tell } from "../../automation/notify/story.ts";
import { codeOf } from "../support/world/outcome.ts";
import { arrange, scenarios } from "../support/world/scenarios.ts";
import { failed, finished, started } from "../unit/notify/events.ts";

// Pure, but much of it: a busy machine gets its time.
vi.setConfig({ testTimeout: 60_000 });

const standings: Readonly<Record<string, string>> = {
  ROLLED_BACK: "rolledBack",
  FIRST_RELEASE_FAILING: "stuck",
  STORE_FAILED: "stuck",
  BAKE_INCONCLUSIVE: "inconclusive",
  GATE_WAITING: "waiting",
  finished: "done",
};

function newsOf(events: readonly Event[]) {
  let story = emptyStory;
  return events.flatMap((event, index) => {
    const { story: next, news } = tell(story, event, index);
    story = next;
    return news === null ? [] : [news];
  });
}

const telling = ["deploy", "approve", "switch", "rollback"];

describe("others are told once", () => {
  test.each(scenarios.filter(({ command }) => telling.includes(command.run)))(
    "of $name",
    async (scenario) => {
      const world = await arrange(scenario);
      world.told.length = 0;
      const task = await world.run(scenario.command);
      const code = codeOf(task);
      const end = code === "finished" ? finished : failed(code);
      const news = newsOf([started(scenario.command.run), ...world.told, end]);
      const byPerson = scenario.command.run === "rollback";
      const expected = byPerson ? "rolledBack" : (standings[code] ?? "aborted");
      expect(news.at(-1)?.standing).toBe(expected);
      const isIncident = ["rolledBack", "stuck"].includes(expected);
      expect(news.filter(isAlert)).toHaveLength(isIncident ? 1 : 0);
      // Who takes another rollout's place tells that one's followers that it is over.
      const replaces = scenario.command.run === "deploy" && scenario.command.replace === true;
      expect(new Set(news.map(({ rollout }) => rollout?.id)).size).toBe(replaces ? 2 : 1);
      if (replaces) expect(news[0]).toMatchObject({ standing: "aborted", own: false });
      // The end says more of what is active than the phase did.
      const keys = news.map(({ key }) => key).filter((key) => key !== "hold");
      expect(keys).toEqual([...new Set(keys)]);
    },
  );
});
