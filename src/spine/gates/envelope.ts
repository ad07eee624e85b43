import { isGitName } from '../../policy/fence.ts';
import { pathMatches } from '../../policy/paths.ts';

/** What a mission may change, and what it may not in any case; patterns as policy.yaml has them. */
export interface Envelope {
  readonly paths: readonly string[];
  readonly protected: readonly string[];
}

/** Patterns are matched against paths relative to the root; what leads out of it is refused before. */
const ROOT = '/';

/** Why a declared path is no pattern of paths below the root; null where it is one. */
export function patternFault(pattern: string): string | null {
  if (pattern.trim() === '') return 'is empty';
  if (pattern !== pattern.trim()) return 'has white space around it';
  if (/[\\\u0000-\u001f\u007f]/.test(pattern)) return 'holds a backslash or a control character';
  if (/^[/~]/.test(pattern)) return 'is not relative to the root';
  if (pattern.startsWith('!')) return 'is a negation: it would allow all but itself';
  if (pattern.split('/').includes('..')) return 'leads upwards';
  return null;
}

/** Whether a declared path is there at the base: a file, a folder with files in it, a pattern that a file matches, or a file yet to be made. */
export function isThere(pattern: string, files: readonly string[]): boolean {
  if (files.some((file) => pathMatches(ROOT, pattern, file))) return true;
  return isNewFile(pattern, files);
}

/**
 * A file that the mission is to make: in a folder that is there; or, at the root and in a folder yet to be made, what looks like the name of a
 * file. Words such as "tests only" are no path, and a pattern over a folder that is not there is rather a slip.
 */
function isNewFile(pattern: string, files: readonly string[]): boolean {
  if (/[*?[\]{}()!+@]/.test(pattern) || pattern.endsWith('/')) return false;
  const plain = pattern.replace(/^(?:\.\/)+/, '');
  const folder = plain.slice(0, Math.max(0, plain.lastIndexOf('/')));
  if (folder !== '' && files.some((file) => file.startsWith(`${folder}/`))) return true;
  return /^(?:[^\s/]+\/)*[^\s/]*\.[^\s/.]+$/.test(plain);
}

/** Why a changed path is not one that the mission may change; null where it is. Protected outranks allowed. */
export function changeFault({ paths, protected: closed }: Envelope, path: string): string | null {
  if (patternFault(path) !== null || path.split('/').some((part) => part === '' || part === '.'))
    return 'is no path below the root';
  if (path.split('/').some(isGitName)) return "lies in git's own folder";
  const by = closed.find((pattern) => pathMatches(ROOT, pattern, path));
  if (by !== undefined) return `is protected by ${by}`;
  const allowed = paths.some((pattern) => patternFault(pattern) === null && pathMatches(ROOT, pattern, path));
  return allowed ? null : 'is outside of what the mission declares';
}

/** Whether everything that a declared path lets change is protected: then the mission can do nothing there but break a rule. */
export function isClosed(pattern: string, closed: readonly string[], files: readonly string[]): boolean {
  const isClosedOne = (path: string) => closed.some((rule) => pathMatches(ROOT, rule, path));
  let hasFile = false;
  for (const file of files) {
    if (!pathMatches(ROOT, pattern, file)) continue;
    if (!isClosedOne(file)) return false;
    hasFile = true;
  }
  return hasFile || isClosedOne(pattern);
}
