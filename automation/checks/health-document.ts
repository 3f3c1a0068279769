/**
 * Reads health documents as services publish them: health+json, Spring Boot's actuator, ASP.NET's
 * health checks, MicroProfile, Terminus, and plain `{"status": "ok"}`. Pure.
 */

import { parsedJson } from "../../infra/probe/json.ts";

/** `silent`: it is in the document, which says nothing of how it does. */
export type State = "up" | "degraded" | "down" | "silent";

export interface Part {
  /** Dotted where one is part of another; empty for the service itself. */
  readonly name: string;
  /** The word as it was written; empty where there is none. */
  readonly word: string;
  readonly state: State;
}

export interface HealthDocument {
  readonly service: Part;
  readonly dependencies: readonly Part[];
}

const words: Readonly<Record<State, ReadonlySet<string>>> = {
  up: new Set(["ok", "up", "pass", "passed", "passing", "healthy", "alive", "success", "true"]),
  degraded: new Set(["warn", "warning", "degraded"]),
  down: new Set(["down", "fail", "failed", "failing", "error", "unhealthy", "critical", "false"]),
  silent: new Set(["unknown"]),
};

const states = ["up", "degraded", "down", "silent"] as const satisfies State[];

/** Where the kinds of documents keep their dependencies. */
const places = ["checks", "components", "dependencies", "entries", "details", "results"] as const;
/** In a dependency itself: what else it has are measurements. */
const innerPlaces = ["components", "details"] as const;

const maxDepth = 4;
const maxParts = 500;

/** Null for what is no health document: nothing in it says how the service does. */
export function readHealth(body: string): HealthDocument | null {
  const document = parsedJson(body);
  // ASP.NET answers with a single word unless it is told otherwise.
  const value = document === undefined ? body.trim() : document;
  if (typeof value === "string") {
    const service = partOf("", value);
    return isKnown(value) ? { service, dependencies: [] } : null;
  }
  if (!isMap(value) || !isWord(value["status"])) return null;
  const dependencies = places.flatMap((place) => partsIn(value[place], "", 0));
  return { service: partOf("", value["status"]), dependencies: dependencies.slice(0, maxParts) };
}

/** The parts of a map by name, or of a list whose entries have a name. */
function partsIn(value: unknown, prefix: string, depth: number): readonly Part[] {
  if (depth >= maxDepth || typeof value !== "object" || value === null) return [];
  const entries = Array.isArray(value)
    ? value.slice(0, maxParts).flatMap((entry: unknown) => {
        const name = isMap(entry) ? entry["name"] : undefined;
        return typeof name === "string" ? [[name, entry] as const] : [];
      })
    : Object.entries(value).slice(0, maxParts);
  return entries.flatMap(([name, entry]) => partsOf(`${prefix}${name}`, entry, depth));
}

function partsOf(name: string, entry: unknown, depth: number): readonly Part[] {
  // In health+json one dependency has a list of measurements.
  if (Array.isArray(entry)) {
    const measured = entry.slice(0, maxParts).filter(isMap);
    return measured.map((each) => partOf(name, each["status"]));
  }
  // A bare text is a status only where it is one of its words: others are versions and the like.
  if (!isMap(entry)) return depth === 0 && isKnown(entry) ? [partOf(name, entry)] : [];
  const inner = innerPlaces.flatMap((place) => partsIn(entry[place], `${name}.`, depth + 1));
  const says = isWord(entry["status"]);
  return says || depth === 0 ? [partOf(name, entry["status"]), ...inner] : inner;
}

/** A word that isn't known counts as down: nobody can tell what it means. */
function partOf(name: string, value: unknown): Part {
  if (!isWord(value)) return { name, word: "", state: "silent" };
  const word = String(value);
  const lower = word.trim().toLowerCase();
  const state = states.find((each) => words[each].has(lower)) ?? "down";
  return { name, word, state };
}

function isWord(value: unknown): value is string | boolean {
  return typeof value === "boolean" || (typeof value === "string" && value.trim() !== "");
}

function isKnown(value: unknown): boolean {
  const lower = isWord(value) ? String(value).trim().toLowerCase() : "";
  return Object.values(words).some((known) => known.has(lower));
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
