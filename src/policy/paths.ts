import { isAbsolute, resolve } from 'node:path';
import picomatch from 'picomatch';
import { expandHome } from '../platform/user.ts';
import { plainPath } from './plain-path.ts';

/**
 * Whether a glob of policy.yaml matches a path as the fence gives it: relative to the root, or absolute in a root outside. Capitals don't
 * matter, nor do other spellings that name the same file on some disks; a pattern without wildcards also means all below it.
 */
export function pathMatches(root: string, pattern: string, path: string): boolean {
  return matcherOf(root, pattern)(path);
}

type Matcher = (path: string) => boolean;
/** Compiled once: an order may have ten thousand paths. */
const matchers = new Map<string, Matcher>();
const MOST_MATCHERS = 10_000;

function matcherOf(root: string, pattern: string): Matcher {
  const key = `${root}\0${pattern}`;
  let matcher = matchers.get(key);
  if (matcher === undefined) {
    matcher = compile(root, pattern);
    if (matchers.size >= MOST_MATCHERS) matchers.clear();
    matchers.set(key, matcher);
  }
  return matcher;
}

function compile(root: string, pattern: string): Matcher {
  const expanded = expandHome(pattern);
  const leadsOut = isAbsolute(expanded) || expanded.startsWith('../');
  const whole = leadsOut ? resolve(root, expanded) : expanded.replace(/^\.\//, '');
  const plain = whole.replace(/\/+$/, '');
  const isMatch = picomatch([plain, `${plain}/**`], { dot: true, nocase: true });
  return (path) => isAbsolute(path) === leadsOut && (isMatch(path) || isMatch(plainPath(path)));
}
