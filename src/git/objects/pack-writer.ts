import { join } from 'node:path';
import { WaybillError } from '../../order/error.ts';
import { namesIn, readIfThere, removeDurable } from '../../platform/durable.ts';
import { fs, ifThere } from '../../platform/fs.ts';
import type { Repository } from '../repository.ts';
import { objectId } from './object-id.ts';
import { KEEP_MARK, type PackObject, writePack } from './pack.ts';
import { deltaOf } from './pack-delta.ts';
import { entryNamed, type NewEntry, withEntries } from './tree-bytes.ts';
import { EMPTY_TREE } from './trees.ts';

/** One path of a commit: bytes, a blob that exists already, or its removal (a folder with all below it). */
export type FileEntry =
  | { path: string; mode: string; bytes: Uint8Array }
  | { path: string; mode: string; blob: string }
  | { path: string; remove: true };

export interface NewCommit {
  /** An existing commit, one made before by the same writer, or none. */
  readonly parent: string | null;
  /** `Name <mail> seconds zone`. */
  readonly ident: string;
  readonly author?: string;
  readonly message: string;
  /** In their order: a later one of the same path counts. */
  readonly files: readonly FileEntry[];
}

/** Git refuses no depth below 4095, and reads the slower the deeper it is. */
const DEEPEST = 40;

/**
 * Makes commits in memory and writes them with all their objects as one synced pack. Costs what the folders touched cost, whatever the
 * repository's size, and starts no process. Nothing refers to the commits until the caller moves a ref: until then the pack's `.keep`
 * holds them against any `git gc`, and release() takes it away.
 */
export class PackWriter {
  readonly #repo: Repository;
  readonly #scratch: string;
  #objects = new Map<string, PackObject>();
  #depths = new Map<string, number>();
  /**
   * Trees that are not written yet and that no later one of the same folder has taken the place of: the next change is made to one of these. The
   * others are kept as what differs: a folder of five thousand files would else be in memory once for each order of a batch.
   */
  readonly #newest = new Map<string, Buffer>();
  /** The trees of commits that this writer made. */
  readonly #trees = new Map<string, string>();
  /** Folders that were changed before, by what they were and the change: the same chain on another tip differs in few. */
  readonly #edits = new Map<string, string>();
  /** Those of them whose objects are not written yet. */
  #unwritten: string[] = [];
  readonly #keeps: string[] = [];
  #size = 0;
  #looked = false;

  /** `scratch` is a folder for half-written files, on the git dir's file system. */
  constructor(repo: Repository, scratch: string) {
    this.#repo = repo;
    this.#scratch = scratch;
  }

  /** Bytes that write() would write. */
  get size(): number {
    return this.#size;
  }

  /** Adds a file's content, for a commit to come, and returns its id. */
  blob(bytes: Uint8Array): string {
    return this.#add('blob', bytes);
  }

  /**
   * Makes the tree of a commit to come from another tree, and returns its id. What it made of a folder is remembered where `again` says that the
   * same changes will be made to other trees. Throws GIT_FAILED where a tree is not there.
   */
  async tree(from: string, files: readonly FileEntry[], again = false): Promise<string> {
    await this.#look();
    const changes = changesOf(files, (bytes) => this.#add('blob', bytes));
    const tree = await this.#edit(from, changes, again);
    if (tree === EMPTY_TREE) this.#add('tree', Buffer.alloc(0));
    return tree;
  }

  /** Makes a commit, and returns its id. Throws GIT_FAILED where its parent, or what it holds, is not there. */
  async commit({ parent, ident, author, message, files }: NewCommit): Promise<string> {
    await this.#look();
    const from = parent === null ? EMPTY_TREE : (this.#trees.get(parent) ?? (await this.#repo.trees.ofCommit(parent)));
    const tree = await this.tree(from, files);
    const lines = [
      `tree ${tree}`,
      ...(parent === null ? [] : [`parent ${parent}`]),
      `author ${author ?? ident}`,
      `committer ${ident}`,
      '',
      message,
    ];
    const id = this.#add('commit', Buffer.from(lines.join('\n'), 'utf8'));
    this.#trees.set(id, tree);
    return id;
  }

  async #look(): Promise<void> {
    if (!this.#looked) await this.#repo.trees.lookForPruning();
    this.#looked = true;
  }

  /** Writes what commit() made since the last time. On disk when it returns. */
  async write(): Promise<void> {
    if (this.#objects.size === 0) return;
    const objects = [...this.#objects.values()];
    this.#objects = new Map();
    this.#depths = new Map();
    this.#size = 0;
    this.#unwritten = [];
    this.#keeps.push(await writePack(this.#repo.gitDir, this.#scratch, objects));
    this.#repo.trees.noteOwnPacks();
    for (const [id, bytes] of this.#newest) this.#repo.trees.note(id, bytes);
    this.#newest.clear();
  }

  /** Drops what was made since the last write(): a chain on a tip that is no more. */
  forget(): void {
    this.#objects.clear();
    this.#depths.clear();
    this.#newest.clear();
    this.#size = 0;
    for (const key of this.#unwritten.splice(0)) this.#edits.delete(key);
  }

  /** The refs that the commits were made for have moved, or never will. */
  release(): void {
    for (const keep of this.#keeps.splice(0)) ifThere(() => fs.unlinkSync(keep));
    this.#repo.trees.noteOwnPacks();
  }

  /** A tree with these changes, whose objects are added; the id of an empty one for nothing at all. */
  async #edit(tree: string, changes: Changes, again: boolean): Promise<string> {
    const before = await this.#bytesOf(tree);
    const entries = new Map<string, NewEntry | null>();
    for (const [name, change] of changes) {
      if (change === null || 'id' in change) {
        entries.set(name, change);
        continue;
      }
      const there = change.anew ? null : entryNamed(before, name);
      const id = await this.#editFolder(there?.type === 'tree' ? there.id : EMPTY_TREE, change.below, again);
      if (id !== EMPTY_TREE) entries.set(name, { mode: '40000', id });
      // below a file there is nothing to remove
      else if (there?.type === 'tree' || change.anew) entries.set(name, null);
    }
    const bytes = withEntries(before, entries);
    return bytes.equals(before) ? tree : bytes.length === 0 ? EMPTY_TREE : this.#addTree(bytes, tree);
  }

  async #editFolder(tree: string, changes: Changes, again: boolean): Promise<string> {
    if (!again && this.#edits.size === 0) return this.#edit(tree, changes, false);
    const key = `${tree}${wordsOf(changes)}`;
    const known = this.#edits.get(key);
    if (known !== undefined) return known;
    const id = await this.#edit(tree, changes, again);
    if (again) {
      this.#edits.set(key, id);
      this.#unwritten.push(key);
    }
    return id;
  }

  async #bytesOf(tree: string): Promise<Buffer> {
    const made = this.#newest.get(tree);
    if (made !== undefined) return made;
    // made, and no longer in memory: git reads it back
    if (this.#objects.has(tree)) await this.write();
    return this.#repo.trees.bytes(tree);
  }

  #addTree(bytes: Buffer, base: string): string {
    const id = objectId('tree', bytes);
    const from = this.#newest.get(base);
    if (!this.#objects.has(id)) {
      const depth = (this.#depths.get(base) ?? 0) + 1;
      const delta = from === undefined || depth >= DEEPEST ? null : deltaOf(from, bytes);
      if (delta !== null) this.#depths.set(id, depth);
      this.#put({ id, type: 'tree', bytes: delta ?? bytes, base: delta === null ? null : base });
    }
    this.#newest.delete(base);
    this.#newest.set(id, bytes);
    return id;
  }

  #add(type: PackObject['type'], bytes: Uint8Array): string {
    const id = objectId(type, bytes);
    if (!this.#objects.has(id)) this.#put({ id, type, bytes, base: null });
    return id;
  }

  #put(object: PackObject): void {
    this.#objects.set(object.id, object);
    this.#size += object.bytes.length;
  }
}

/** A folder's changes by name: an entry, nothing, or what changes below it (`anew`: nothing that was there before stays). */
type Changes = Map<string, NewEntry | null | { readonly anew: boolean; readonly below: Changes }>;

/** Tells changes apart. */
function wordsOf(changes: Changes): string {
  let words = '';
  for (const [name, change] of changes) {
    if (change === null) words += `\0${name}\0-`;
    else if ('id' in change) words += `\0${name}\0${change.mode} ${change.id}`;
    else words += `\0${name}\0${change.anew ? '!' : ''}{${wordsOf(change.below)}\0}`;
  }
  return words;
}

function changesOf(files: readonly FileEntry[], blobOf: (bytes: Uint8Array) => string): Changes {
  const root: Changes = new Map();
  add: for (const file of files) {
    const names = file.path.split('/');
    const last = names.pop() ?? '';
    let folder = root;
    for (const name of names) {
      const there = folder.get(name);
      if (there !== undefined && there !== null && 'below' in there) folder = there.below;
      else if (there !== undefined && 'remove' in file) continue add;
      else {
        const below: Changes = new Map();
        folder.set(name, { anew: there !== undefined, below });
        folder = below;
      }
    }
    if ([...names, last].some((name) => name === '' || name === '.' || name === '..'))
      throw new WaybillError('INTERNAL', `${file.path} cannot be a path of a commit`);
    folder.set(
      last,
      'remove' in file ? null : { mode: file.mode, id: 'blob' in file ? file.blob : blobOf(file.bytes) },
    );
  }
  return root;
}

/**
 * Removes the `.keep` files of writers that were killed, or lost their machine: such a pack would never be repacked. Only those from before
 * `began` (milliseconds since 1970), because another writer may be at work.
 */
export function removeLeftKeeps(gitDir: string, began: number): void {
  const packs = join(gitDir, 'objects', 'pack');
  for (const path of namesIn(packs).flatMap((name) => (name.endsWith('.keep') ? [join(packs, name)] : []))) {
    const stat = ifThere(() => fs.statSync(path));
    if (stat === undefined || stat.mtimeMs >= began) continue;
    if (readIfThere(path)?.toString('utf8') === KEEP_MARK) removeDurable(path);
  }
}
