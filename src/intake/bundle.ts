import { sha256 } from '../order/canonical-json.ts';
import { isMapping } from '../order/dialects/sheet.ts';
import type { ReadDocument } from '../order/document.ts';
import { WaybillError } from '../order/error.ts';

/** A folder bundle: one order as a folder with its YAML, a body, and evidence of its author (dialects.md). */

/** A file that lay beside the order, its path relative to the bundle. */
export interface Attachment {
  readonly path: string;
  readonly bytes: Buffer;
}

/** More in one folder is no order. */
export const MAX_BUNDLE_FILES = 1000;

/** Of the names at the top of a folder, the one that holds the order: `<folder>.yaml`, else the only one that may. Null for none. */
export function orderFileOf(folder: string, names: readonly string[]): string | null {
  const documents = names.filter((name) => /\.(ya?ml|json)$/i.test(name) && !name.startsWith('.')).sort();
  const own = documents.filter((name) => name.replace(/\.(ya?ml|json)$/i, '').toLowerCase() === folder.toLowerCase());
  const usual = documents.filter((name) => /^(wo|order|work[-_]?order)\./i.test(name));
  const fits = [own, usual, documents].find((list) => list.length > 0) ?? [];
  // two of them are two orders, and nobody can tell which one is meant
  return fits.length === 1 ? (fits[0] ?? null) : null;
}

const EVIDENCE_MANIFEST = 'manifest.json';

/**
 * Holds the bytes against the checksums and sizes of `evidence/manifest.json`. Throws CHECKSUM_MISMATCH; BUNDLE_INVALID where the order names
 * an evidence folder and the manifest is not there or cannot be read.
 */
export function verifyManifest(
  order: Buffer,
  value: Readonly<Record<string, unknown>>,
  attachments: readonly Attachment[],
  locate: ReadDocument['locate'],
): void {
  const named = value['evidence_dir'];
  if (named !== undefined && named !== null && typeof named !== 'string')
    throw new WaybillError('SCHEMA_INVALID', 'evidence_dir: must be the name of a folder', {
      place: locate(['evidence_dir']),
      hint: 'Write `evidence_dir: evidence/`',
    });
  const path = `${inner(named ?? 'evidence/', 'evidence_dir', locate)}/${EVIDENCE_MANIFEST}`;
  const manifest = attachments.find((a) => a.path === path);
  if (manifest === undefined) {
    if (typeof named !== 'string') return;
    throw new WaybillError('BUNDLE_INVALID', `evidence_dir names ${named}, but the bundle has no ${path}`, {
      place: locate(['evidence_dir']),
      hint: `Put ${path} into the folder, or remove the line \`evidence_dir\`.`,
    });
  }
  const parsed = parse(manifest, path);
  for (const key of ['checksums', 'sizes'])
    if (parsed[key] !== undefined && !isMapping(parsed[key]))
      throw new WaybillError('BUNDLE_INVALID', `${path}: ${key} is no mapping`, {
        place: { file: path },
        hint: `Write "${key}": {"wo_yaml": …, "body": …}.`,
      });
  const bodyFile = value['body_file'];
  const body =
    typeof bodyFile === 'string' ? attachments.find((a) => a.path === inner(bodyFile, 'body_file', locate)) : undefined;
  for (const [name, bytes] of [
    ['wo_yaml', order],
    ['body', body?.bytes],
  ] as const) {
    const checksum = isMapping(parsed['checksums']) ? parsed['checksums'][name] : undefined;
    const size = isMapping(parsed['sizes']) ? parsed['sizes'][name] : undefined;
    if (checksum === undefined && size === undefined) continue;
    const found = bytes === undefined ? 'nothing' : sha256(bytes).slice(7);
    if (
      checksum !== undefined &&
      String(checksum)
        .replace(/^sha256:/i, '')
        .toLowerCase() !== found
    )
      throw new WaybillError(
        'CHECKSUM_MISMATCH',
        `${path}: checksums.${name} is ${JSON.stringify(checksum)}, but the file has ${found}`,
        {
          place: { file: path },
          hint: `Write \`"${name}": "${found}"\` under checksums in ${path}, if the file is as you meant it; otherwise drop it again.`,
        },
      );
    if (size !== undefined && !(['number', 'string'].includes(typeof size) && Number(size) === bytes?.length))
      throw new WaybillError(
        'CHECKSUM_MISMATCH',
        `${path}: sizes.${name} is ${JSON.stringify(size)}, but the file has ${bytes?.length ?? 0} bytes`,
        {
          place: { file: path },
          hint: `Write \`"${name}": ${bytes?.length ?? 0}\` under sizes in ${path}, if the file is as you meant it; otherwise drop it again.`,
        },
      );
  }
}

/** The text of the body that the order names; null when it names none. Throws BUNDLE_INVALID. */
export function readBody(
  value: Readonly<Record<string, unknown>>,
  attachments: readonly Attachment[],
  locate: ReadDocument['locate'],
): string | null {
  const named = value['body_file'];
  if (named === undefined || named === null) return null;
  const place = locate(['body_file']);
  const path = typeof named === 'string' ? inner(named, 'body_file', locate) : '';
  const body = attachments.find((a) => a.path === path);
  if (body === undefined) {
    const there = attachments
      .map((a) => a.path)
      .slice(0, 5)
      .join(', ');
    throw new WaybillError(
      'BUNDLE_INVALID',
      `body_file: the bundle has no file ${JSON.stringify(named)} (it has ${there === '' ? 'none' : there})`,
      { place, hint: 'Name a file of the same folder.' },
    );
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body.bytes);
  } catch {
    throw new WaybillError('NOT_UTF8', `body_file: ${path} is not valid UTF-8`, { place });
  }
}

/** A path inside the bundle, without `./` and a slash at its end; one that leads out is refused (rule 9). */
function inner(path: string, key: string, locate: ReadDocument['locate']): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (path.startsWith('/') || parts.includes('..') || parts.length === 0)
    throw new WaybillError('BUNDLE_INVALID', `${key}: ${JSON.stringify(path)} leads out of the bundle`, {
      place: locate([key]),
      hint: 'Name a path inside the same folder.',
    });
  return parts.join('/');
}

function parse(manifest: Attachment, path: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(manifest.bytes.toString('utf8'));
    if (isMapping(value)) return value;
  } catch {
    // told below
  }
  throw new WaybillError('BUNDLE_INVALID', `${path} is no JSON mapping`, {
    place: { file: path },
    hint: 'Write {"checksums": {"wo_yaml": …, "body": …}, "sizes": {…}}.',
  });
}
