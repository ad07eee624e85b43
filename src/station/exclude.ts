import { dirname, join } from 'node:path';
import type { Repository } from '../git/repository.ts';
import { WaybillError } from '../order/error.ts';
import { ensureDir, readIfThere, writeDurable } from '../platform/durable.ts';
import { ownPaths, ownPatterns } from './layout.ts';
import type { Settings } from './settings.ts';

const BEGIN = '# waybill: begin (rewritten by the station)';
const END = '# waybill: end';

/**
 * Keeps Waybill's own paths out of `git status` through .git/info/exclude: a tracked ignore file would vanish on branch switches.
 * Throws TRACKED_STATE where one of them is tracked already, or a tracked ignore file brings it back.
 */
export async function excludeOwnPaths(repo: Repository, settings: Settings): Promise<void> {
  const paths = ownPaths(settings);
  await refuseTracked(repo, settings);

  const file = join(repo.gitDir, 'info', 'exclude');
  // One character a byte: lines of others come back as they were, whatever their encoding.
  const old = readIfThere(file)?.toString('latin1') ?? '';
  // The telemetry file is rotated beside itself, hence the star.
  const lines = [
    BEGIN,
    `/${join(dirname(settings.paths.alerts), 'rollback_*.log')}`,
    ...paths.map((path) => `/${path.endsWith('.jsonl') ? path.replace(/\.jsonl$/, '*.jsonl') : path}`),
    ...ownPatterns(settings).map((pattern) => `/${pattern}`),
    END,
  ].join('\n');
  const block = Buffer.from(lines, 'utf8').toString('latin1');
  const others = old.replace(new RegExp(`${literal(BEGIN)}[\\s\\S]*?${literal(END)}\\n?`), '');
  const text = `${others}${others === '' || others.endsWith('\n') ? '' : '\n'}${block}\n`;
  if (text !== old) {
    ensureDir(dirname(file));
    writeDurable(file, Buffer.from(text, 'latin1'));
  }

  const probes = paths.map((path) => (path.includes('.') ? path : `${path}/probe`));
  const said = await repo.git.try(['check-ignore', '-z', '--stdin', '--verbose', '--non-matching', '--no-index'], {
    input: probes.map((probe) => `${probe}\0`).join(''),
  });
  // four fields a path: where the pattern stands, its line, the pattern, the path; 128 is a git that cannot tell
  const fields = said.exitCode > 1 ? [] : said.stdout.toString('utf8').split('\0');
  for (let n = 0; n < paths.length && n * 4 + 3 < fields.length; n++) {
    const pattern = fields[n * 4 + 2] ?? '';
    if (pattern === '' || pattern.startsWith('!'))
      throw new WaybillError(
        'TRACKED_STATE',
        `an ignore file of the repository brings ${paths[n]} back into git status`,
      );
  }
}

/** Throws TRACKED_STATE where git tracks a path that Waybill keeps for itself. */
export async function refuseTracked(repo: Repository, settings: Settings): Promise<void> {
  const tracked = await repo.git.text(['--literal-pathspecs', 'ls-files', '--', ...ownPaths(settings)]);
  if (tracked !== '')
    throw new WaybillError(
      'TRACKED_STATE',
      `${tracked.split('\n')[0]} is tracked by git, but Waybill keeps that path for itself`,
    );
}

/**
 * Files that git tracks where Waybill shows what was done. A repository may have them from before and is taken as it is: nothing is written over them,
 * and what has their name is not shown. Sorted, relative to the root.
 */
export async function trackedShown(repo: Repository, settings: Settings): Promise<string[]> {
  const said = await repo.git.text(['ls-files', '-z', '--', ...ownPatterns(settings)]);
  return said.split('\0').filter((path) => path !== '');
}

/** The same for people: what it means, and what to do. Null where there are none. */
export function tellTracked(paths: readonly string[]): { readonly message: string; readonly mend: string } | null {
  const [first] = paths;
  if (first === undefined) return null;
  const more = paths.length === 1 ? '' : ` and ${paths.length - 1} more`;
  return {
    message: `${first}${more} ${paths.length === 1 ? 'is' : 'are'} tracked by git where Waybill shows what was done: nothing is written over what is tracked`,
    mend: `\`git rm --cached ${first}\` and a commit, for each that Waybill is to write; or other paths in waybill.yaml. \`git ls-files\` lists them.`,
  };
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
