import { isAbsolute, join, resolve } from 'node:path';
import { WaybillError } from '../order/error.ts';
import { ensureDir, exists, writeDurable } from '../platform/durable.ts';
import { fs, lstatIfThere, statIfThere } from '../platform/fs.ts';
import { HOOKS, type HookName, hookScript, KEPT, MARK } from './hook-script.ts';
import type { Repository } from './repository.ts';

/** One hook as it stands. */
export interface HookState {
  readonly name: HookName;
  /** ours: installed. other: somebody else's, and none of ours. none: there is no hook. */
  readonly state: 'ours' | 'other' | 'none';
  /** A hook that was there before is kept and called. */
  readonly keeps: boolean;
  /** Why it was left alone; null where it was not. */
  readonly why: string | null;
}

export interface Hooks {
  readonly folder: string;
  readonly hooks: readonly HookState[];
}

/** Which hooks are in. Throws PATH_DENIED where core.hooksPath leads out of the repository. */
export async function hooksStatus(repo: Repository): Promise<Hooks> {
  const folder = await hooksFolder(repo);
  return { folder, hooks: HOOKS.map((name) => stateOf(folder, name)) };
}

/**
 * Puts the hooks in, or brings them up to date. A hook of somebody else is kept beside ours and called by it, with its arguments, its input and
 * its exit code; one that finds out by `$0` what it is, is left alone. Safe to repeat. Throws PATH_DENIED where core.hooksPath leads out of the
 * repository: other repositories may use that folder.
 */
export async function installHooks(repo: Repository): Promise<Hooks> {
  const folder = await hooksFolder(repo);
  ensureDir(folder);
  const common = folder === join(repo.gitDir, 'hooks') ? null : repo.gitDir;
  return { folder, hooks: HOOKS.map((name) => install(folder, name, common)) };
}

function install(folder: string, name: HookName, common: string | null): HookState {
  const path = join(folder, name);
  const before = stateOf(folder, name);
  if (before.state === 'other') {
    const why = whyNot(path);
    if (why !== null) return { ...before, why };
    // between the two there is no hook for an instant: as if it were not executable, git goes on
    fs.renameSync(path, `${path}${KEPT}`);
  }
  writeDurable(path, hookScript(name, common), 0o755);
  return stateOf(folder, name);
}

function whyNot(path: string): string | null {
  if (exists(`${path}${KEPT}`)) return `${path}${KEPT} is there already, and nobody calls it`;
  if (statIfThere(path)?.isFile() !== true) return 'it is no file';
  const text = fs.readFileSync(path, 'latin1');
  return /\$0|\$\{0|BASH_SOURCE|basename/.test(text) || lstatIfThere(path)?.isSymbolicLink() === true
    ? 'it finds out by its own name what it is, so it cannot be called by another'
    : null;
}

/** Takes the hooks out and puts back what was there, as it was. What is not ours is left alone. Safe to repeat. */
export async function uninstallHooks(repo: Repository): Promise<Hooks> {
  const folder = await hooksFolder(repo);
  const hooks = HOOKS.map((name): HookState => {
    const path = join(folder, name);
    const before = stateOf(folder, name);
    if (before.state !== 'ours') {
      const why = before.keeps ? `${path}${KEPT} is there, but ${name} is not ours any more` : null;
      return { ...before, why };
    }
    if (before.keeps) fs.renameSync(`${path}${KEPT}`, path);
    else fs.unlinkSync(path);
    return stateOf(folder, name);
  });
  return { folder, hooks };
}

function stateOf(folder: string, name: HookName): HookState {
  const path = join(folder, name);
  const keeps = exists(`${path}${KEPT}`);
  const there = lstatIfThere(path);
  if (there === undefined) return { name, state: 'none', keeps, why: null };
  const isOurs = there.isFile() && fs.readFileSync(path, 'latin1').split('\n', 2)[1]?.startsWith(MARK) === true;
  return { name, state: isOurs ? 'ours' : 'other', keeps, why: null };
}

/** Where git looks for hooks, as a person's git does: ours is told to look nowhere. */
async function hooksFolder(repo: Repository): Promise<string> {
  const args = ['config', '--null', '--show-origin', '--type=path', '--get-all', 'core.hooksPath'];
  const fields = (await repo.git.try(args)).stdout.toString('utf8').split('\0');
  let set = '';
  for (let i = 0; i + 1 < fields.length; i += 2) if (fields[i] !== 'command line:') set = fields[i + 1] ?? '';
  if (set === '') return join(repo.gitDir, 'hooks');
  const folder = isAbsolute(set) ? resolve(set) : join(repo.root, set);
  const real = exists(folder) ? fs.realpathSync(folder) : folder;
  if (![repo.root, repo.gitDir].some((inside) => real.startsWith(`${inside}/`)))
    throw new WaybillError('PATH_DENIED', `core.hooksPath is ${set}, which other repositories may use too`, {
      hint: 'Give this repository its own: `git config --local core.hooksPath .git/hooks`, then try again.',
    });
  return real;
}
