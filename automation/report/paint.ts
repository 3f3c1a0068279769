/** Colors of a terminal, or none. */

import { styleText } from "node:util";
import type { Verdict } from "../../infra/model.ts";

type Style = (text: string) => string;

export interface Paint {
  readonly bold: Style;
  readonly dim: Style;
  readonly red: Style;
  readonly green: Style;
  readonly yellow: Style;
  readonly blue: Style;
}

export function paint(on: boolean): Paint {
  const style =
    (name: keyof Paint): Style =>
    (text) =>
      on ? styleText(name, text, { validateStream: false }) : text;
  return {
    bold: style("bold"),
    dim: style("dim"),
    red: style("red"),
    green: style("green"),
    yellow: style("yellow"),
    blue: style("blue"),
  };
}

/** As a word in the color that says whether it is good. */
export function verdictWord(verdict: Verdict, { green, red, yellow }: Paint): string {
  const styles = { pass: green, fail: red, error: red, inconclusive: yellow };
  return styles[verdict](verdict);
}
