import { join, relative } from 'node:path';
import { type Contradiction, contradictionText } from '../../documents/contradiction.ts';
import { leftOver } from '../../documents/left-over.ts';
import { type ModeSources, modeOf } from '../../documents/mode.ts';
import { readStatusFile, statusFaults } from '../../documents/status-file.ts';
import { asWaybillError } from '../../order/error.ts';
import type { DocumentFinding, DocumentsCheck } from '../../order/generated.ts';
import type { Station } from '../../station/station.ts';
import { notCurrent, readCommitted } from './committed.ts';
import { holdDocuments, notChecked } from './held.ts';
import { hintFor } from './hints.ts';
import { readText } from './read-documents.ts';

/** Who beside settings has a say in the mode, and the time of the check. */
export type Asked = Pick<ModeSources, 'asked' | 'variable' | 'now'>;

/**
 * The gate: everything that is wrong with the documents of a station, and whether that fails. What could not be looked at is wrong too. Throws
 * USAGE for a mode that is none; otherwise for nothing that a file or git could cause.
 */
export async function checkDocuments(station: Station, asked: Asked): Promise<DocumentsCheck> {
  const { mode: setting, blockFrom } = station.settings.documents;
  const { mode, by } = modeOf({ ...asked, setting, blockFrom });
  const head = { v: 1, mode, mode_by: by, at: asked.now } as const;
  if (mode === 'off') return { ...head, ok: true, checked: [], findings: [] };
  const { checked, found } = await everythingFound(station, asked.now);
  const findings = unlike(found).map(
    (one): DocumentFinding => ({ ...one, refs: [...one.refs], hint: hintFor(one.id) }),
  );
  return { ...head, ok: mode === 'warn' || findings.every(({ severity }) => severity === 'warn'), checked, findings };
}

async function everythingFound(
  station: Station,
  now: string,
): Promise<{ checked: DocumentsCheck['checked']; found: Contradiction[] }> {
  const { register } = station.settings.documents;
  const found = statusFound(station, now);
  const checked: DocumentsCheck['checked'] = [
    'status',
    'contradictions',
    ...(register === null ? [] : ['register' as const]),
  ];

  const held = await attempt('documents', () => holdDocuments(station));
  if ('failed' in held) found.push(held.failed);
  else found.push(...held.value.contradictions, ...held.value.registerFaults, ...held.value.notChecked);

  checked.push('markers');
  const committed = await attempt('documents of the branch', () => readCommitted(station));
  const seen = 'failed' in held ? [] : held.value.documents;
  if ('failed' in committed) found.push(committed.failed, ...leftOver(seen));
  else {
    const { documents, made, notRead } = committed.value;
    const known = new Set(seen.map(({ path }) => path));
    found.push(...notRead, ...leftOver([...seen, ...documents.filter(({ path }) => !known.has(path))]));
    checked.push(...made.map(({ kind }) => kind));
    found.push(...notCurrent(made));
  }
  return { checked, found };
}

function statusFound({ layout, settings }: Station, now: string): Contradiction[] {
  const path = relative(layout.root, join(layout.artifacts, 'status', 'runtime_status.json'));
  const read = readText(layout.root, path);
  if ('why' in read) {
    const id = read.why === 'it is not there' ? 'status-missing' : 'status-unread';
    return [{ id, severity: 'block', message: `${path}: ${read.why}`, refs: [path] }];
  }
  try {
    const file = readStatusFile(path, Buffer.from(read.text, 'utf8'));
    return statusFaults(path, file, { now, maxAgeHours: settings.documents.maxAgeHours });
  } catch (thrown) {
    const { message, place } = asWaybillError(thrown);
    const line = place.line === undefined ? '' : `:${place.line}`;
    return [{ id: 'status-unread', severity: 'block', message: `${path}: ${message}`, refs: [`${path}${line}`] }];
  }
}

/** A look that failed is a finding, and stops no other. */
async function attempt<T>(
  what: string,
  call: () => Promise<T>,
): Promise<{ readonly value: T } | { readonly failed: Contradiction }> {
  try {
    return { value: await call() };
  } catch (thrown) {
    return { failed: notChecked(`${what} could not be looked at: ${asWaybillError(thrown).message}`) };
  }
}

/** One that the status file has too is told once. */
function unlike(found: readonly Contradiction[]): Contradiction[] {
  return [...new Map(found.map((one) => [contradictionText(one), one])).values()];
}
