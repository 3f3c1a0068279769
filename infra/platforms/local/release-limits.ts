/** How much a release may be made of where the settings don't say otherwise. */

export const defaultMaxFiles = 50_000;
export const defaultMaxBytes = 1_000_000_000;
