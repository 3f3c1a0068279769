import { expect, test } from "vitest";
import { paint } from "../../../automation/report/paint.ts";
import { renderStatus } from "../../../automation/status/render.ts";
import { weightsOf } from "../../../infra/model.ts";
import { at, outputsOf, reportOf, rolloutIn, servedByBlue, viewOf } from "./view-of.ts";

const plain = paint(false);

test("one screen tells what serves, the phase, the way back and what differs", () => {
  const record = {
    ...servedByBlue,
    activeColor: "green" as const,
    weights: weightsOf("green"),
    generation: 5,
    declared: "green" as const,
    previousRelease: { color: "blue" as const, release: outputsOf("blue", "1").release },
    rollbackUntil: at(1_560),
    rollout: rolloutIn("hold", { since: at(-180) }),
    pins: [
      { digest: "d", version: "0", reason: "no\u0007good", by: "ann", at: at(-9), until: null },
    ],
  };
  const colors = {
    blue: { requests: 90, errors: 0, open: 0, lastRequestAt: at(-300) },
    green: { requests: 40, errors: 1, open: 3, lastRequestAt: at(-2) },
  };
  const view = viewOf({ record });
  const reading = { ...view.reading, traffic: { kind: "counted" as const, colors } };
  expect(renderStatus(reportOf({ view: { ...view, reading } }), plain)).toBe(
    `dev  local  http://127.0.0.1:8080  generation 5

  green  active  2  222222222222  2/2 ready  100 %  3 open  last request 2s ago
  blue   idle    1  111111111111  2/2 ready  0 %    0 open  last request 5m ago

  phase     hold, since 3m ago. The new color has all traffic; the former color is kept until the rollback window ends.
  rollout   r-2 deploys 2 into green
  rollback  to blue (1), for another 26m; blue is kept hot: one flip of the router, about a second
  pinned    0: no\\u0007good (ann, 2030-05-01T11:59:51.000Z, until \`bluegreen unpin\`)
  drift     Pulumi.dev.yaml says blue, as the router did at generation 4; traffic stays on green (generation 5)
            to keep the traffic where it is, paste into Pulumi.dev.yaml:
              bluegreen:activeColor: green
              bluegreen:generation: 5`,
  );
});

test("a color that is being filled has a line of its own, and its former release none", () => {
  const rollout = rolloutIn("provision", { id: "r-3", version: "3", since: at(-5) });
  const text = renderStatus(
    reportOf({ view: viewOf({ record: { ...servedByBlue, rollout } }) }),
    plain,
  );
  expect(text).toMatch(/^ {2}green {2}filling$/m);
  expect(text).toMatch(/^ {2}green {5}being filled with 3 \(unfinished\)$/m);
});

test("a rollout at its gate says what it waits for, and how long", () => {
  const rollout = rolloutIn("gate", { id: "r-3", version: "3", gateUntil: at(30) });
  const view = viewOf({ record: { ...servedByBlue, rollout } });
  const text = renderStatus(reportOf({ view }), plain);
  expect(text).toContain(
    `gate      waits for \`bluegreen approve\` (or \`bluegreen abort\`), until ${at(30)}`,
  );
});

test("an environment that doesn't exist yet says what to do", () => {
  expect(renderStatus(reportOf({ view: null }), plain)).toBe(
    "dev  local  http://127.0.0.1:8080\n\nnothing here yet: `bluegreen deploy --version 1`",
  );
});

test("a silent router leaves the recorded weights to be read, marked as such", () => {
  const view = viewOf({ drift: { kind: "silent", sentence: "the local router doesn't run" } });
  const reading = { ...view.reading, weights: null, problems: ["the local router doesn't run"] };
  const text = renderStatus(reportOf({ view: { ...view, reading } }), plain);
  expect(text).toContain(
    "weights   served: unknown, the router doesn't answer; recorded: blue 100",
  );
  expect(text).not.toContain("100 %");
  expect(text).toContain("drift     the local router doesn't run");
  expect(text).toContain("bring the router back: `bluegreen up`");
  expect(text.match(/the local router doesn't run/g)).toHaveLength(1);
});
