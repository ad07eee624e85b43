/** The time as every document writes it: ISO 8601, UTC, milliseconds. */
export function now(): string {
  return new Date().toISOString();
}

/** Milliseconds between two such times, never negative. */
export function millisecondsBetween(from: string, to: string): number {
  return Math.max(0, Math.round(Date.parse(to) - Date.parse(from)));
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
