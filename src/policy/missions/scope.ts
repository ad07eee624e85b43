import { isAbsolute, posix, resolve } from 'node:path';
import picomatch from 'picomatch';
import { expandHome } from '../../platform/user.ts';
import { pathMatches } from '../paths.ts';
import { plainPart } from '../plain-path.ts';

/**
 * Whether something that a mission may change, a path or a glob with all below it, may lie under a glob of policy. Yes in doubt: a yes makes it
 * stricter.
 */
export function mayOverlap(root: string, pattern: string, scope: string): boolean {
  const [one, other] = [partsOf(root, pattern), partsOf(root, scope)];
  if (one === null || other === null) return true;
  return one.leadsOut === other.leadsOut && overlap(one.parts, other.parts);
}

/** Whether all that a path or a glob stands for surely lies under a glob of policy. No in doubt. */
export function surelyCovers(root: string, pattern: string, scope: string): boolean {
  const whole = posix.normalize(expandHome(scope).replace(/(\/+\*\*)?\/*$/, ''));
  if (whole === '.' || isWild(whole) || whole.split('/').includes('..')) return false;
  // a glob that says what it is not matches a folder, and not all below it
  return !pattern.startsWith('!') && pathMatches(root, pattern, whole);
}

interface Parts {
  readonly leadsOut: boolean;
  readonly parts: readonly string[];
}

/** null where it says what it is not. */
function partsOf(root: string, raw: string): Parts | null {
  if (raw.startsWith('!')) return null;
  const path = posix.normalize(expandHome(raw));
  const leadsOut = isAbsolute(path) || path === '..' || path.startsWith('../');
  const whole = leadsOut ? resolve(root, path) : path;
  return { leadsOut, parts: whole.split('/').filter((part) => part !== '' && part !== '.') };
}

/** Both mean all below them too, so where one ends the rest of the other lies in it. Each pair of parts is looked at once: authors of orders choose one side. */
function overlap(one: readonly string[], other: readonly string[]): boolean {
  const seen = new Set<number>();
  const from = (i: number, j: number): boolean => {
    const [a, b] = [one[i], other[j]];
    if (a === undefined || b === undefined) return true;
    if (seen.has(i * (other.length + 1) + j)) return false;
    seen.add(i * (other.length + 1) + j);
    // braces and groups may reach over the end of a folder
    if (/[{(]/.test(a) || /[{(]/.test(b)) return true;
    if (a === '**') return b === '**' || from(i + 1, j) || from(i, j + 1);
    if (b === '**') return from(i, j + 1) || from(i + 1, j);
    return samePart(a, b) && from(i + 1, j + 1);
  };
  return from(0, 0);
}

function samePart(a: string, b: string): boolean {
  if (isWild(a)) return isWild(b) || isMatch(a, b);
  return isWild(b) ? isMatch(b, a) : plainPart(a) === plainPart(b);
}

function isMatch(pattern: string, part: string): boolean {
  return picomatch.isMatch(part, pattern, OPTIONS) || picomatch.isMatch(plainPart(part), pattern, OPTIONS);
}

const OPTIONS = { dot: true, nocase: true };

function isWild(text: string): boolean {
  return /[*?[\]{}()!+@\\]/.test(text);
}
