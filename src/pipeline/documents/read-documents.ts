import { join } from 'node:path';
import picomatch from 'picomatch';
import { isPastFile, type TextDocument } from '../../documents/spoken-lines.ts';
import { asWaybillError } from '../../order/error.ts';
import { readTarget } from '../../platform/target.ts';
import type { Station } from '../../station/station.ts';

/** Documents as they are in the work tree, and what could not be read of them. */
export interface DocumentsRead {
  readonly documents: readonly TextDocument[];
  /** `path: why`. */
  readonly notRead: readonly string[];
}

/** A larger file is no document. */
const MOST_BYTES = 16 * 1024 * 1024;
const MOST_DOCUMENTS = 5000;
/** So long git may take to list the files of the work tree. */
const GIT_MS = 30_000;

/**
 * Reads files below the root, named, or by patterns as in `docs/*.md` among what git tracks or would track; each once, sorted by path. A name that is not
 * there is told, and a pattern that fits nothing but what tells of the past. Never throws.
 */
export async function readDocuments(station: Station, named: readonly string[]): Promise<DocumentsRead> {
  const notRead: string[] = [];
  const plain = new Set(named.filter((name) => !isPattern(name)));
  const patterns = named.filter(isPattern);
  const paths = new Set(plain);
  if (patterns.length > 0) {
    try {
      const files = await filesOf(station);
      for (const pattern of patterns) {
        const fits = picomatch(pattern, { dot: true });
        const fitting = files.filter((path) => fits(path));
        if (fitting.length === 0) notRead.push(`${pattern} fits no file`);
        else if (fitting.every((path) => isPastFile({ path, text: '', isNamed: plain.has(path) })))
          notRead.push(`${pattern} fits only files of the past, which are not read; name them one by one`);
        for (const path of fitting) paths.add(path);
      }
    } catch (thrown) {
      notRead.push(`${patterns.join(', ')}: ${asWaybillError(thrown).message}`);
    }
  }
  const documents: TextDocument[] = [];
  for (const path of [...paths].sort().slice(0, MOST_DOCUMENTS)) {
    const read = readText(station.layout.root, path);
    if ('text' in read) documents.push({ path, text: read.text, isNamed: plain.has(path) });
    else notRead.push(`${path}: ${read.why}`);
  }
  if (paths.size > MOST_DOCUMENTS) notRead.push(`${paths.size - MOST_DOCUMENTS} more documents`);
  return { documents, notRead };
}

/** A file's text, or why there is none. Never throws. */
export function readText(root: string, path: string): { readonly text: string } | { readonly why: string } {
  try {
    const found = readTarget(join(root, path));
    if (found.kind === 'nothing') return { why: 'it is not there' };
    if (found.kind === 'other') return { why: `it is ${found.what}` };
    const { bytes } = found.content;
    if (bytes.length > MOST_BYTES) return { why: `it has ${bytes.length} bytes` };
    return { text: bytes.toString('utf8') };
  } catch (thrown) {
    return { why: asWaybillError(thrown).message };
  }
}

function isPattern(name: string): boolean {
  return /[*?[{]/.test(name);
}

/** What git tracks or would track. Throws GIT_FAILED. */
async function filesOf({ repo }: Station): Promise<string[]> {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'];
  const { stdout, exitCode, cut, stderr } = await repo.git.try(args, { timeoutMs: GIT_MS });
  if (cut !== undefined) throw new Error(`git ls-files took longer than ${GIT_MS / 1000} s`);
  if (exitCode !== 0) throw new Error(`git ls-files ended with ${exitCode}: ${stderr.trim().split('\n')[0] ?? ''}`);
  return stdout.toString('utf8').split('\0').filter(Boolean);
}
