/** The advice fits what is wrong with the router, and whose server it is. */

import { expect, test } from "vitest";
import { sshError } from "../../../infra/platforms/proxy/hosts/ssh-error.ts";
import { remediesOf } from "../../../infra/platforms/proxy/remedy.ts";
import type { RouterSpec } from "../../../infra/platforms/proxy/spec.ts";
import { weightsOf } from "../../../infra/model.ts";
import { plainSpec } from "./specs.ts";

const up = "bring it back: `bluegreen up`";

function adviceOf(problem: string, spec: Partial<RouterSpec> = {}, weights: null | "blue" = null) {
  const reading = { weights: weights && weightsOf(weights), problems: [problem] };
  return remediesOf({ ...plainSpec, ...spec }, reading)[0];
}

test("a managed server that nobody hears of is brought back, an own one is its owner's", () => {
  const refused = "127.0.0.1:8080 can't be asked: connect ECONNREFUSED 127.0.0.1:8080";
  expect(adviceOf(refused)).toBe(up);
  expect(adviceOf(refused, { mode: "adopted" })).toMatch(/^start your nginx; .*doctor/);
});

test("while a server isn't adopted, the steps are what helps", () => {
  const problem = "nginx doesn't hand its requests over yet";
  const advice = adviceOf(problem, { mode: "adopted" }, "blue");
  expect(advice).toContain("`bluegreen doctor` prints the steps");
  expect(advice).not.toContain("bluegreen up");
});

test("an adopted server without a color needs a release, or its own upstream back", () => {
  const problem = "no color is active: your nginx answers 503 to every request that it hands over";
  const advice = (dialect: "nginx" | "haproxy") => adviceOf(problem, { mode: "adopted", dialect });
  expect(advice("nginx")).toMatch(/`bluegreen deploy`.* own upstream shop/);
  expect(advice("haproxy")).toMatch(/`bluegreen deploy`.* own backend shop/);
});

test("a lost socket comes back with its owner's restart", () => {
  const problem = "HAProxy's runtime socket doesn't answer: /run/s can't be asked: ENOENT";
  const own = { mode: "adopted", dialect: "haproxy", socket: "/run/s" } as const;
  expect(adviceOf(problem, own, "blue")).toContain("stats socket /run/s level admin");
  expect(adviceOf(problem, own, "blue")).not.toContain("bluegreen up");
});

test("former workers that nobody can ask need a socket of their master, not an update", () => {
  const problem =
    "traffic can't be counted: HAProxy has workers from before a reload (7), which can't be asked";
  const advice = adviceOf(problem, { mode: "adopted", dialect: "haproxy" }, "blue");
  expect(advice).toMatch(/start HAProxy with `-S`/);
  expect(advice).not.toContain("bluegreen up");
  const own = adviceOf(problem, { mode: "managed", dialect: "haproxy" }, "blue");
  expect(own).toMatch(/end it while no traffic hangs on it, then `bluegreen up`/);
});

test.each([
  ["ssh: connect to host h port 22: Connection refused", /mend the way to it/],
  ["@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @", /somebody may be listening in/],
  ["Host key verification failed.", /compare the host's key/],
])("a host that can't be used (%s) isn't brought back by an update", (said, advice) => {
  const { message } = sshError("deploy@h", said);
  expect(adviceOf(message)).toMatch(advice);
  expect(adviceOf(message)).not.toContain("bluegreen up");
});

test("what runs and is wrong is set right", () => {
  expect(adviceOf("the server follows a, a restart would find b", {}, "blue")).toBe(
    "set it right: `bluegreen up`",
  );
});
