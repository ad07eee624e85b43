import { join } from 'node:path';
import { exists, namesIn, readIfThere, removeDurable, syncDir } from '../platform/durable.ts';
import { fs, ifThere } from '../platform/fs.ts';
import { syncRefs } from './refs.ts';
import type { Repository } from './repository.ts';

/** One path of a commit: bytes, a blob that exists already, or its removal. */
export type FileEntry =
  | { path: string; mode: string; bytes: Uint8Array }
  | { path: string; mode: string; blob: string }
  | { path: string; remove: true };

export interface NewCommit {
  readonly ref: string;
  /** An existing commit, the commit with this mark made before it in the same import, or none. */
  readonly parent: string | { mark: number } | null;
  readonly ident: string;
  readonly message: string;
  readonly files: readonly FileEntry[];
  readonly author?: string;
}

/**
 * One import at a time: when one syncs the folder of its ref, it would make another's ref last whose pack does not yet, and a power loss
 * would leave a ref to nothing.
 */
const turns = new Map<string, Promise<unknown>>();

/**
 * Writes commits with all their objects as one synced pack, and moves the refs named, through `git fast-import`: one process
 * for a batch, whose cost depends on the folders touched and not on the size of the repository.
 */
export class FastImport {
  readonly #repo: Repository;
  readonly #parts: Buffer[] = [Buffer.from('feature done\n')];
  readonly #refs = new Set<string>();
  #marks = 0;

  constructor(repo: Repository) {
    this.#repo = repo;
  }

  /** Adds a commit and returns its mark. */
  commit(commit: NewCommit): number {
    const mark = ++this.#marks;
    this.#refs.add(commit.ref);
    this.#line(`commit ${commit.ref}`);
    this.#line(`mark :${mark}`);
    if (commit.author !== undefined) this.#line(`author ${commit.author}`);
    this.#line(`committer ${commit.ident}`);
    this.#data(Buffer.from(commit.message, 'utf8'));
    if (commit.parent !== null)
      this.#line(`from ${typeof commit.parent === 'string' ? commit.parent : `:${commit.parent.mark}`}`);
    for (const file of commit.files) {
      if ('remove' in file) this.#line(`D ${quote(file.path)}`);
      else if ('blob' in file) this.#line(`M ${file.mode} ${file.blob} ${quote(file.path)}`);
      else {
        this.#line(`M ${file.mode} inline ${quote(file.path)}`);
        this.#data(file.bytes);
      }
    }
    this.#line('');
    return mark;
  }

  /**
   * Writes it all. When this returns, pack, index of the pack and refs are on disk. `marksFile` is a scratch path.
   * Returns the commit ids by mark. Throws GIT_FAILED.
   */
  run(marksFile: string): Promise<Map<number, string>> {
    const { gitDir } = this.#repo;
    const mine = (turns.get(gitDir) ?? Promise.resolve()).then(() => this.#write(marksFile));
    turns.set(
      gitDir,
      mine.catch(() => {}),
    );
    return mine;
  }

  async #write(marksFile: string): Promise<Map<number, string>> {
    this.#line('done');
    await this.#repo.git.run(
      ['-c', 'fastimport.unpackLimit=0', 'fast-import', '--quiet', '--done', `--export-marks=${marksFile}`],
      { input: Buffer.concat(this.#parts) },
    );
    const packs = join(this.#repo.gitDir, 'objects', 'pack');
    if (exists(packs)) syncDir(packs);
    syncRefs(this.#repo.gitDir, this.#refs);
    const marks = new Map<number, string>();
    for (const line of readIfThere(marksFile)?.toString('utf8').split('\n') ?? []) {
      const match = /^:(\d+) ([0-9a-f]{40})$/.exec(line);
      if (match !== null) marks.set(Number(match[1]), match[2] ?? '');
    }
    removeDurable(marksFile);
    return marks;
  }

  #line(text: string): void {
    this.#parts.push(Buffer.from(`${text}\n`, 'utf8'));
  }

  #data(bytes: Uint8Array): void {
    this.#line(`data ${bytes.length}`);
    this.#parts.push(Buffer.from(bytes), Buffer.from('\n'));
  }
}

/** A path as fast-import reads it: always quoted, so that no character can end it early. */
function quote(path: string): string {
  const escaped = path
    .replace(/["\\]/g, '\\$&')
    .replace(/\p{Cc}/gu, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`);
  return `"${escaped}"`;
}

/**
 * Removes the `.keep` files of imports that were killed, or lost their machine: such a pack would never be repacked. Only those from
 * before `began` (milliseconds since 1970), because another import may be at work.
 */
export function removeLeftKeeps(gitDir: string, began: number): void {
  const packs = join(gitDir, 'objects', 'pack');
  for (const path of namesIn(packs).flatMap((name) => (name.endsWith('.keep') ? [join(packs, name)] : []))) {
    const stat = ifThere(() => fs.statSync(path));
    if (stat === undefined || stat.mtimeMs >= began) continue;
    if (readIfThere(path)?.toString('utf8').trim() === 'fast-import') removeDurable(path);
  }
}
