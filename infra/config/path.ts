/** Where a setting is: paths of keys and indexes, and the text that the engine's CLI knows them by. */

export type Path = readonly (string | number)[];

export const namespace = "bluegreen";

/** Maps of text whose values may be secret, wherever they are. */
export const secretMaps: readonly (string | number)[] = ["env", "headers", "secrets"];

/** `bluegreen:local.instances`, as `pulumi config set --path` takes it. */
export function keyText(path: Path): string {
  return `${namespace}:${dotted(path)}`;
}

/** `local.instances`, `checks[0].path`, `local.env["A.B"]`. */
export function dotted(path: Path): string {
  const parts = path.map((part, index) => {
    if (typeof part === "number") return `[${part}]`;
    if (!/^[A-Za-z_][\w-]*$/.test(part)) return `[${JSON.stringify(part)}]`;
    return index === 0 ? part : `.${part}`;
  });
  return parts.join("");
}

/** True where one path is the other or lies within it. */
export function overlaps(a: Path, b: Path): boolean {
  const length = Math.min(a.length, b.length);
  return a.slice(0, length).every((part, index) => part === b[index]);
}

/** The value at the path; undefined where there is none. */
export function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, part) => {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part))
      return undefined;
    return (value as Record<string | number, unknown>)[part];
  }, root);
}
