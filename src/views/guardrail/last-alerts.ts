import { statIfThere } from '../../platform/fs.ts';
import { placedLinesBackwards } from '../../platform/jsonl.ts';

/** A longer alert is cut. */
const LONGEST = 2000;

/** The last lines of the alerts file, oldest first; none where it is no file: settings name it, and a pipe would hold us up. */
export function lastAlerts(path: string, most: number): string[] {
  const lines: string[] = [];
  if (statIfThere(path)?.isFile() !== true) return lines;
  for (const { text } of placedLinesBackwards(path, Infinity, LONGEST)) {
    if (lines.length === most) break;
    lines.push(text);
  }
  return lines.reverse();
}
