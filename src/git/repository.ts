import { WaybillError } from '../order/error.ts';
import { namesIn } from '../platform/durable.ts';
import { fs } from '../platform/fs.ts';
import { Git } from './git.ts';
import { Refs } from './refs.ts';

/** A repository that we can write safely, opened at the root of its main work tree. */
export interface Repository {
  readonly git: Git;
  readonly refs: Refs;
  readonly root: string;
  /** The git common dir, real path. The main work tree's own git dir is the same. */
  readonly gitDir: string;
}

/** Where a folder's repository is: the main work tree's root and the common dir, or null outside of any. */
export async function locateRepository(
  folder: string,
): Promise<{ root: string; gitDir: string; linked: boolean } | null> {
  const git = new Git(folder);
  const found = await git.try([
    'rev-parse',
    '--path-format=absolute',
    '--git-common-dir',
    '--git-dir',
    '--is-bare-repository',
    '--show-toplevel',
  ]);
  // a bare repository fails at the last question only
  const [common = '', own = '', bare, top = ''] = found.stdout.toString('utf8').trim().split('\n');
  if (found.exitCode !== 0 && bare !== 'true') return null;
  if (bare === 'true')
    throw new WaybillError('REPO_UNSUPPORTED', `${folder} is a bare repository`, {
      hint: 'A station needs a work tree.',
    });
  const gitDir = fs.realpathSync(common);
  const linked = fs.realpathSync(own) !== gitDir;
  const root = linked ? await mainWorkTree(git, folder) : top;
  return { root: fs.realpathSync(root), gitDir, linked };
}

async function mainWorkTree(git: Git, folder: string): Promise<string> {
  const list = await git.text(['worktree', 'list', '--porcelain']);
  const first = /^worktree (.+)$/m.exec(list)?.[1];
  if (first === undefined)
    throw new WaybillError('REPO_UNSUPPORTED', `${folder} is a linked work tree without a main one`);
  return first;
}

/** Opens the repository of a station. Throws REPO_UNSUPPORTED for forms that can't be written safely. */
export async function openRepository(root: string): Promise<Repository> {
  const found = await locateRepository(root);
  if (found === null)
    throw new WaybillError('REPO_UNSUPPORTED', `${root} is not in a git repository`, { hint: 'Run `waybill init`.' });
  if (found.root !== fs.realpathSync(root)) {
    throw new WaybillError('REPO_UNSUPPORTED', `${root} is not the root of its repository, ${found.root} is`, {
      hint: 'Make the station at the root of the main work tree.',
    });
  }
  const repository: Repository = {
    git: new Git(found.root),
    refs: new Refs(found.gitDir),
    root: found.root,
    gitDir: found.gitDir,
  };
  await assertSupported(repository);
  return repository;
}

/** Settings can change under us, so landing asks again. */
export async function assertSupported(repo: Repository): Promise<void> {
  const result = await repo.git.try([
    'config',
    '--null',
    '--get-regexp',
    '^(extensions\\.|core\\.(sparsecheckout|splitindex|worktree)$|index\\.sparse$)',
  ]);
  const settings = new Map(
    result.stdout
      .toString('utf8')
      .split('\0')
      .filter((s) => s !== '')
      .map((entry): [string, string] => {
        const [key = '', ...value] = entry.split('\n');
        return [key.toLowerCase(), value.join('\n').toLowerCase()];
      }),
  );
  const on = (key: string) => ['true', 'yes', 'on', '1', ''].includes(settings.get(key) ?? 'false');
  const refuse = (what: string) => {
    throw new WaybillError('REPO_UNSUPPORTED', `${repo.root} uses ${what}`);
  };
  if ((settings.get('extensions.objectformat') ?? 'sha1') !== 'sha1') refuse('SHA-256 objects');
  if ((settings.get('extensions.refstorage') ?? 'files') !== 'files') refuse('another ref storage than files');
  if (on('core.sparsecheckout')) refuse('a sparse checkout');
  if (on('core.splitindex') || namesIn(repo.gitDir).some((name) => name.startsWith('sharedindex.')))
    refuse('a split index');
}
