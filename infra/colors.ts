/** The two slots, and what is true of each of them. */

/** A slot that holds one release; never "old" or "new". */
export type Color = "blue" | "green";
export const colors: readonly Color[] = ["blue", "green"];

/** One value per color. */
export type PerColor<T> = Readonly<Record<Color, T>>;

export function isColor(value: unknown): value is Color {
  return value === "blue" || value === "green";
}

export function otherColor(color: Color): Color {
  return color === "blue" ? "green" : "blue";
}

export function perColor<T>(make: (color: Color) => T): PerColor<T> {
  return { blue: make("blue"), green: make("green") };
}
