import { expect, test } from "vitest";
import { engineAddress } from "../../../infra/provider/engine-watch.ts";

const address = "127.0.0.1:4001";

test.each([
  [[address]],
  [["-v=9", address]],
  [["--tracing", "127.0.0.1:6007", address]],
  [["--logtostderr", "-v=9", "--tracing", "http://127.0.0.1:6007/api", address]],
])("the engine's address is found among %j", (given) => {
  expect(engineAddress(given)).toBe(address);
});

test.each([[[]], [["--logtostderr"]], [["-v=9", "--tracing", "127.0.0.1:6007"]]])(
  "nothing else among %j is taken for it",
  (given) => {
    expect(engineAddress(given)).toBeUndefined();
  },
);
