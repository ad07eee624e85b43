import { applyPatch, parsePatch, type StructuredPatch } from 'diff';
import { WaybillError } from './error.ts';
import type { FileMode } from './order.ts';

/** One file of a patch. `from` null creates, `to` null deletes; different names rename. */
export interface FilePatch {
  readonly from: string | null;
  readonly to: string | null;
  readonly mode: FileMode | null;
  /** A copy leaves its source where it is. */
  readonly copy: boolean;
  /** Applies the hunks to a file's bytes. Throws PATCH_FAILED; never applies some of the hunks only. */
  apply(bytes: Buffer): Buffer;
}

/**
 * Reads a unified diff, plain or in git's form. Patch and files are handled as Latin-1 text, one character a byte,
 * so that bytes which are no UTF-8 arrive unchanged; names are read from the text as it is. `path` names the file where the patch has no file headers.
 * Throws PATCH_INVALID.
 */
export function readPatch(patch: string, path: string | null): FilePatch[] {
  // the parser passes over the data of some of them, and the file would be made empty
  if (/^(GIT binary patch|Binary files .* differ)\r?$/m.test(patch)) throw binary();
  let parsed: StructuredPatch[];
  try {
    const named = parsePatch(patch);
    parsed = parsePatch(Buffer.from(patch, 'utf8').toString('latin1')).map((file, i) => ({
      ...file,
      oldFileName: named[i]?.oldFileName,
      newFileName: named[i]?.newFileName,
    }));
    if (parsed.length !== named.length) throw new Error('its lines can be taken in two ways');
  } catch (error) {
    throw new WaybillError(
      'PATCH_INVALID',
      `the patch cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const files = parsed.filter((p) => p.hunks.length > 0 || p.isGit === true);
  if (files.length === 0) throw new WaybillError('PATCH_INVALID', 'the patch has no hunks');
  if (path !== null && files.length > 1)
    throw new WaybillError('PATCH_INVALID', `path names one file, but the patch has ${files.length}`, {
      hint: 'Leave path out; the --- and +++ lines name the files.',
    });
  return files.map((file) => filePatch(file, path));
}

function filePatch(file: StructuredPatch, path: string | null): FilePatch {
  if (file.isBinary === true) throw binary();
  let [from, to] = names(file);
  if (from === null && to === null) {
    if (path === null)
      throw new WaybillError('PATCH_INVALID', 'the patch names no file', {
        hint: 'Keep its --- and +++ lines, or add path.',
      });
    [from, to] = [path, path];
  } else if (path !== null && to !== null && from !== null) [from, to] = [path, path];
  const name = to ?? from ?? '';
  return {
    from,
    to,
    copy: file.isCopy === true,
    mode: modeOf(file.newMode),
    apply(bytes) {
      if (file.hunks.length === 0) return bytes;
      assertNear(file, bytes, name);
      const result = applyPatch(bytes.toString('latin1'), file, { fuzzFactor: 0, autoConvertLineEndings: false });
      if (result === false)
        throw new WaybillError('PATCH_FAILED', `${name}: the patch does not apply to the file as it is`);
      return Buffer.from(result, 'latin1');
    },
  };
}

/** How many lines beyond the end of a file all hunks together may be looked for. */
const MOST_STEPS = 1_000_000;

/** The search for a hunk's place goes line by line from where it says it is: one that says it is far beyond the end would never come to an end. */
function assertNear({ hunks }: StructuredPatch, bytes: Buffer, name: string): void {
  let lines = 1;
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) lines++;
  const far = hunks.find(({ oldStart }) => !(oldStart <= lines + MOST_STEPS / hunks.length));
  if (far !== undefined)
    throw new WaybillError(
      'PATCH_FAILED',
      `${name}: a hunk begins at line ${far.oldStart} of a file of ${lines} lines`,
    );
}

function binary(): WaybillError {
  return new WaybillError('PATCH_INVALID', 'binary patches cannot be applied', {
    hint: 'Use a write action with encoding: base64.',
  });
}

function modeOf(mode: string | undefined): FileMode | null {
  if (mode === undefined || mode === '100644' || mode === '100755') return mode ?? null;
  throw new WaybillError('PATCH_INVALID', `file mode ${mode} is not supported`, {
    hint: 'Only plain files, 100644 and 100755, can be patched.',
  });
}

/** Old and new name, without git's a/ and b/, which only stand when both sides have them. */
function names(file: StructuredPatch): [string | null, string | null] {
  const from = plainName(file.isCreate === true ? '/dev/null' : file.oldFileName);
  const to = plainName(file.isDelete === true ? '/dev/null' : file.newFileName);
  const prefixed = (from === null || from.startsWith('a/')) && (to === null || to.startsWith('b/'));
  if (!prefixed || file.isRename === true || file.isCopy === true)
    return [strip(from, 'a/', prefixed), strip(to, 'b/', prefixed)];
  return [from?.slice(2) ?? null, to?.slice(2) ?? null];
}

function strip(name: string | null, prefix: string, yes: boolean): string | null {
  return yes && name?.startsWith(prefix) ? name.slice(2) : name;
}

function plainName(name: string | undefined): string | null {
  return name === undefined || name === '' || name === '/dev/null' ? null : name;
}
