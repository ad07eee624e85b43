/** A line of a log in JSON as anybody may have written it: asked by key. Null where it is no object, or was cut off. */
export function readJsonLine(text: string): ((key: string) => unknown) | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const fields = value as Record<string, unknown>;
  return (key) => (Object.hasOwn(fields, key) ? fields[key] : undefined);
}
