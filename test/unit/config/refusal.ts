/** What a test sees of settings that are refused. */

import { expect } from "vitest";

import { BlueGreenError } from "../../../infra/errors.ts";

/** The error that the settings are refused with; fails the test where they aren't. */
export function refusalOf(parse: () => unknown): BlueGreenError {
  try {
    parse();
  } catch (error) {
    if (error instanceof BlueGreenError) return error;
    throw error;
  }
  return expect.fail("the settings were accepted");
}

/** Complete settings but for what a test adds. */
export const minimal = {
  environment: "dev",
  local: JSON.stringify({ command: ["node", "server.ts"] }),
};
