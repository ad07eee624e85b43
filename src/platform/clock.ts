/** The time as every document writes it: ISO 8601, UTC, milliseconds. */
export function now(): string {
  return new Date().toISOString();
}

/** Milliseconds between two such times, never negative. */
export function millisecondsBetween(from: string, to: string): number {
  return Math.max(0, Math.round(Date.parse(to) - Date.parse(from)));
}

/** Resolves after so many ms, or at once when it is aborted. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener('abort', end);
  });
}
