import { join } from 'node:path';
import type { RejectedData } from '../../order/event.ts';
import { redactorOf } from '../../station/redactor.ts';
import type { Station } from '../../station/station.ts';
import { type Part, partOf } from './part.ts';

/** Input that no order was made of. */
export interface RejectionView {
  readonly error: RejectedData['error'];
  /** Where it lies, relative to the root; null where nothing of it was kept. */
  readonly quarantine: string | null;
  /** The lines around the place of the error, or the first ones. */
  readonly lines: readonly { readonly n: number; readonly text: string; readonly isPlace: boolean }[];
  /** Why no line is shown; null where some are. */
  readonly lack: string | null;
}

const MOST_BYTES = 256 * 1024;
const LINES_BEFORE = 8;
const LINES = 20;

/** What was refused, why, and where in it. */
export function rejectionView(station: Station, { error, quarantine, secrets = [] }: RejectedData): RejectionView {
  const view = { error, quarantine };
  if (quarantine === null) return { ...view, lines: [], lack: 'nothing of it was kept' };
  if (secrets.length > 0) return { ...view, lines: [], lack: 'it holds a secret, and is not shown' };
  const part = inputOf(join(station.layout.root, quarantine), error.file);
  if (part === null) return { ...view, lines: [], lack: 'it is not there any more' };
  if (part.isBinary) return { ...view, lines: [], lack: `it is no text; it has ${part.size} bytes` };
  const all = redactorOf(station.settings).redactText(part.text).split('\n');
  const place = error.line ?? null;
  const first = place === null || place > all.length ? 1 : Math.max(1, place - LINES_BEFORE);
  const lines = all.slice(first - 1, first - 1 + LINES).map((text, i) => {
    return { n: first + i, text, isPlace: first + i === place };
  });
  return { ...view, lines, lack: null };
}

/** The file itself, or the one that the error names in a folder that was dropped. */
function inputOf(path: string, file: string | undefined): Part | null {
  const part = partOf(path, MOST_BYTES);
  if (part !== null || file === undefined || file.split('/').includes('..')) return part;
  return partOf(join(path, file), MOST_BYTES);
}
