/** Where a setting is: paths of keys and indexes, and the text that the engine's CLI knows them by. */

export type Path = readonly (string | number)[];

export const namespace = "bluegreen";

/** Maps of text whose values may be secret, wherever they are. */
const secretMaps: readonly (string | number)[] = ["env", "headers", "secrets"];

/** Keys of lists whose values may be secret as well. */
const secretKeys: Readonly<Record<string, readonly (string | number)[]>> = {
  hooks: ["secret"],
  notify: ["secret", "token"],
};

/** True where a value may be secret: in such a map, the key of a signature, and a token. */
export function mayBeSecret(path: Path): boolean {
  if (secretMaps.includes(path.at(-2) ?? "")) return true;
  return secretKeys[String(path[0])]?.includes(path.at(-1) ?? "") === true;
}

/** Addresses whose path may be a token. */
const hiddenAddresses: Readonly<Record<string, string>> = { hooks: "webhook", notify: "url" };

/** True for the address of a webhook: it is written in clear, and never shown. */
export function isWebhook(path: Path): boolean {
  return path.length === 3 && hiddenAddresses[String(path[0])] === path[2];
}

/** True for all that such a value is in, or a part of. */
export function mayHoldSecrets(path: Path): boolean {
  return mayBeSecret(path) || path.some((part) => secretMaps.includes(part));
}

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
