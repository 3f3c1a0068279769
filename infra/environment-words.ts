/** Commands in messages, completed for the environment at hand, so that they can be pasted. PURE. */

/** What `-s` is when it isn't given. */
export const defaultEnvironment = "dev";

const command = /`bluegreen ([a-z]+)( [^`]*)?`/g;
const hasEnvironment = /(^| )(-s|--stack)\b/;
const withoutEnvironment = new Set(["demo"]);

/** Adds `-s ENVIRONMENT` to each command in backticks that doesn't name one. */
export function withEnvironment(text: string, environment: string): string {
  if (environment === defaultEnvironment) return text;
  return text.replace(command, (whole, name: string, rest: string = "") =>
    withoutEnvironment.has(name) || hasEnvironment.test(rest)
      ? whole
      : `\`bluegreen ${name} -s ${environment}${rest}\``,
  );
}

/** The same for every text in plain data, such as an event. */
export function wordsFor<T>(data: T, environment: string): T {
  return environment === defaultEnvironment ? data : (mapped(data, environment) as T);
}

function mapped(value: unknown, environment: string): unknown {
  if (typeof value === "string") return withEnvironment(value, environment);
  if (Array.isArray(value)) return value.map((each) => mapped(each, environment));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, mapped(inner, environment)]),
  );
}
