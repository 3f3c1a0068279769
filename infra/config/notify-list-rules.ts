/** What must fit together between those whom a rollout tells. */

import { placeToldBy } from "./notify.ts";
import type { Problem } from "./problems.ts";
import type { Settings } from "./settings.ts";

/** What was told is remembered per place. */
export function placesDiffer({ notify }: Settings): readonly Problem[] {
  const places = notify.map(placeToldBy);
  return places.flatMap((place, index) => {
    if (places.indexOf(place) === index) return [];
    const field = fields[notify[index]?.kind ?? "webhook"];
    const problem = "is told by another entry already";
    return [{ path: ["notify", index, field], problem, fix: "remove one of them" }];
  });
}

const fields = { slack: "channel", webhook: "url", github: "repository" } as const;
