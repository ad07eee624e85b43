import { join } from 'node:path';
import { WaybillError } from '../order/error.ts';
import { namesIn, readIfThere } from '../platform/durable.ts';
import { fs } from '../platform/fs.ts';
import { Attributes } from './attributes.ts';
import { Configuration, type GitConfig } from './config.ts';
import { Git } from './git.ts';
import { isSplit } from './index/index-bytes.ts';
import { Trees } from './objects/trees.ts';
import { type Found, findOrdinary } from './ordinary.ts';
import { Refs } from './refs.ts';
import { Standing } from './standing.ts';

/** A repository that we can write safely, opened at the root of its main work tree. */
export interface Repository {
  readonly git: Git;
  readonly refs: Refs;
  readonly root: string;
  /** The git common dir, real path. The main work tree's own git dir is the same. */
  readonly gitDir: string;
  readonly trees: Trees;
  readonly configuration: Configuration;
  readonly attributes: Attributes;
  /** `git update-ref --stdin`. */
  readonly refUpdates: Standing;
  /** What the index file looked like when we wrote it last. */
  ownIndex: string;
}

export function repositoryAt(root: string, gitDir: string): Repository {
  const git = new Git(root);
  return {
    git,
    refs: new Refs(gitDir),
    root,
    gitDir,
    trees: new Trees(git, gitDir),
    configuration: new Configuration(git, gitDir),
    attributes: new Attributes(git, gitDir),
    refUpdates: new Standing(() => git.converse(['update-ref', '--stdin', '-m', 'waybill: land'])),
    ownIndex: '',
  };
}

/** Git's settings as they count now. Who stays and knows others is ended. */
export async function configOf(repo: Repository): Promise<GitConfig> {
  const { config, changed } = await repo.configuration.read();
  if (changed) await Promise.all([repo.attributes.end(), repo.refUpdates.end()]);
  return config;
}

/** The committer from git config, as git writes it: `Name <mail> seconds +0000`. */
export async function committerIdent(repo: Repository): Promise<string> {
  const config = await configOf(repo);
  return `${await config.committer()} ${Math.floor(Date.now() / 1000)} +0000`;
}

/** Ends the gits that stay; the next question starts them again. */
export async function closeRepository(repo: Repository): Promise<void> {
  await Promise.all([repo.trees.end(), repo.attributes.end(), repo.refUpdates.end()]);
}

/** Where a folder's repository is: the main work tree's root and the common dir, or null outside of any. */
export async function locateRepository(folder: string): Promise<Found | null> {
  const ordinary = findOrdinary(folder);
  return ordinary === 'ask git' ? askWhere(folder) : ordinary;
}

/** The same as git itself says it. */
export async function askWhere(folder: string): Promise<Found | null> {
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
  const repository = repositoryAt(found.root, found.gitDir);
  await assertSupported(repository);
  return repository;
}

/**
 * The same for who only reads, and starts no git where the repository is an ordinary one. Settings of the user or the machine are not looked
 * at then: a landing asks for them, and refuses.
 */
export async function openRepositoryToRead(root: string): Promise<Repository> {
  const found = findOrdinary(root);
  if (found === 'ask git' || found?.root !== fs.realpathSync(root)) return openRepository(root);
  const repository = repositoryAt(found.root, found.gitDir);
  refuseSplitIndex(repository);
  return repository;
}

/** Settings can change under us, so landing asks again. */
export async function assertSupported(repo: Repository): Promise<void> {
  const config = await configOf(repo);
  const value = (key: string) => config.get(key)?.toLowerCase();
  const on = (key: string) => ['true', 'yes', 'on', '1', ''].includes(value(key) ?? 'false');
  const refuse = (what: string) => refuseForm(repo, what);
  if ((value('extensions.objectformat') ?? 'sha1') !== 'sha1') refuse('SHA-256 objects');
  if ((value('extensions.refstorage') ?? 'files') !== 'files') refuse('another ref storage than files');
  if (on('core.sparsecheckout')) refuse('a sparse checkout');
  if (on('core.splitindex')) refuse('a split index');
  refuseSplitIndex(repo);
}

/** Git leaves the shared part lying for two weeks after an index was put together again: only the index itself tells, and is read only then. */
function refuseSplitIndex(repo: Repository): void {
  if (!namesIn(repo.gitDir).some((name) => name.startsWith('sharedindex.'))) return;
  const bytes = readIfThere(join(repo.gitDir, 'index'));
  if (bytes !== undefined && isSplit(bytes)) refuseForm(repo, 'a split index');
}

function refuseForm(repo: Repository, what: string): never {
  throw new WaybillError('REPO_UNSUPPORTED', `${repo.root} uses ${what}`);
}
