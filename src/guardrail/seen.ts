import { join } from 'node:path';
import { fileMoment } from '../git/config.ts';
import { convertedPaths, imageOf } from '../git/conversion.ts';
import { blobBytes, isInHistory } from '../git/history.ts';
import { blobId } from '../git/objects/object-id.ts';
import type { TreeEntry } from '../git/objects/tree.ts';
import { isOutside } from '../order/change.ts';
import type { GuardrailSeen, SeenFile } from '../order/generated.ts';
import { now } from '../platform/clock.ts';
import { readIfThere, writeProjection } from '../platform/durable.ts';
import { conforms } from '../platform/schema.ts';
import type { Station } from '../station/station.ts';
import { hasHome } from './last-look.ts';

/** What a station's components look like on this disk needs no more of it than this. */
export type Place = Pick<Station, 'settings' | 'layout' | 'repo'>;

/** Somebody else's word for what a file outside of git is to hold: the last order that wrote it since an instant. */
export type LastWrite = (path: string, since: string) => { readonly blob: string; readonly executable: boolean } | null;

/** A file that is not as recorded: what was found, and of which state of file and record. */
interface Judged {
  readonly of: string;
  readonly kind: 'truncated' | 'altered';
  readonly message: string;
}

/**
 * What files looked like when they were last good, and what HEAD has at their paths: the content "as last recorded". Where HEAD has a
 * file, that counts; where it has none, what was first seen there, until an order writes it or a person accepts another.
 */
export class Seen {
  readonly #place: Place;
  readonly #path: string;
  #document: GuardrailSeen;
  #isChanged = false;
  #lists: string;
  /** The file as this process read or wrote it. */
  #moment: string;
  #head: string | null = null;
  #ref: string | null = null;
  #entries = new Map<string, TreeEntry>();
  #asked = new Set<string>();
  #converted = new Set<string>();
  /** Whether the commit that a file was recorded at is in HEAD's history, by commit. */
  #ancestors = new Map<string, boolean>();
  /** What isChangedByCommit() found out since HEAD moved. */
  #changed = new Map<string, boolean>();
  /** Files that were found not to be as recorded, so that they are read once and not at every look. */
  readonly judged = new Map<string, Judged>();

  constructor(place: Place) {
    this.#place = place;
    this.#path = join(place.layout.guardrail, 'seen.json');
    this.#moment = fileMoment(this.#path);
    this.#document = readSeen(this.#path);
    this.#lists = JSON.stringify(this.#document.lists ?? {});
  }

  /** Whether somebody else wrote down what was seen since: another guardrail, or a person who accepted a content. */
  isStale(): boolean {
    return fileMoment(this.#path) !== this.#moment;
  }

  get lists(): Record<string, string> {
    this.#document.lists ??= {};
    return this.#document.lists;
  }

  get(path: string): SeenFile | undefined {
    return Object.hasOwn(this.#document.files, path) ? this.#document.files[path] : undefined;
  }

  /** Paths that were seen as files of this glob. */
  ofGlob(name: string): string[] {
    return Object.entries(this.#document.files).flatMap(([path, file]) => (file.of?.includes(name) ? [path] : []));
  }

  /** A file is good as it is. One that was recorded with this content keeps since when, and at which commit. */
  note(path: string, file: Omit<SeenFile, 'entry' | 'commit' | 'at' | 'ref'>): void {
    const known = this.get(path);
    const isSame = known?.blob === file.blob && known.executable === file.executable;
    const entry = this.entry(path)?.id ?? null;
    const since =
      isSame && known.entry === entry
        ? known
        : { commit: this.#head, at: now(), ...(this.#ref === null ? {} : { ref: this.#ref }) };
    const of = [...new Set([...(known?.of ?? []), ...(file.of ?? [])])];
    this.#isChanged = true;
    this.judged.delete(path);
    this.#document.files[path] = {
      ...file,
      entry,
      commit: since.commit,
      at: since.at,
      ...(since.ref === undefined ? {} : { ref: since.ref }),
      ...(of.length > 0 ? { of } : {}),
    };
  }

  forget(path: string): void {
    this.#isChanged = true;
    this.judged.delete(path);
    delete this.#document.files[path];
  }

  /** The content that a person took for good, though HEAD has another one. */
  accepted(path: string): string | undefined {
    const { accepted = {} } = this.#document;
    return Object.hasOwn(accepted, path) ? accepted[path] : undefined;
  }

  /** A person takes a content for good; null takes that back. What was seen before is forgotten. */
  accept(path: string, blob: string | null): void {
    this.forget(path);
    this.#document.accepted ??= {};
    if (blob === null) delete this.#document.accepted[path];
    else this.#document.accepted[path] = blob;
  }

  /** Asks git what HEAD has at these paths; where HEAD is where it was, only for those that were not asked for. Throws GIT_FAILED. */
  async lookAtHead(paths: readonly string[]): Promise<void> {
    const { repo } = this.#place;
    const head = repo.refs.checkedOut();
    const at = repo.refs.head();
    this.#ref = at.kind === 'branch' ? at.ref : null;
    if (head !== this.#head) {
      this.#asked = new Set();
      this.#entries = new Map();
      this.#ancestors = new Map();
      this.#changed = new Map();
      this.#head = head;
    }
    const asked = paths.filter((path) => !isOutside(path) && !this.#asked.has(path));
    if (asked.length === 0) return;
    const [entries, converted] = await Promise.all([repo.trees.entries(head, asked), convertedPaths(repo, asked)]);
    for (const path of asked) {
      this.#asked.add(path);
      const entry = entries.get(path);
      if (entry !== undefined) this.#entries.set(path, entry);
      if (converted.has(path)) this.#converted.add(path);
      else this.#converted.delete(path);
    }
  }

  get head(): string | null {
    return this.#head;
  }

  /** The branch that is checked out; null for none. */
  get ref(): string | null {
    return this.#ref;
  }

  /** What HEAD has at a path that lookAtHead() was asked for. */
  entry(path: string): TreeEntry | undefined {
    return this.#entries.get(path);
  }

  /** The id that git would give this content at this path. */
  async blobOf(path: string, bytes: Buffer): Promise<string> {
    if (!this.#converted.has(path)) return blobId(bytes);
    const image = await imageOf(this.#place.repo, path, { mode: '100644', bytes }, true);
    return image?.blob ?? blobId(bytes);
  }

  /** The bytes that were recorded for a path, or null where nobody has them any more. */
  async recordedBytes(path: string): Promise<Buffer | null> {
    const { git } = this.#place.repo;
    const entry = this.entry(path);
    if (entry !== undefined && this.#converted.has(path) && this.#head !== null) {
      const out = await git.try(['cat-file', '--filters', `${this.#head}:${path}`]);
      return out.exitCode === 0 ? out.stdout : null;
    }
    const id = entry?.id ?? this.get(path)?.blob;
    return id === undefined ? null : blobBytes(git, id);
  }

  /**
   * The commit whose version of a file HEAD lacks, where HEAD was moved to where that is not: it has neither the commit that the file was
   * recorded at, nor one of its own that touched the file since the two parted. Null where commits changed the file: on top, on another branch,
   * or after an amend or a rebase.
   */
  async movedBackFrom(path: string): Promise<string | null> {
    const known = this.get(path);
    const entry = this.entry(path);
    if (known === undefined || known.commit === null || known.entry == null || entry?.id === known.entry) return null;
    return (await this.isChangedByCommit(path, known.commit)) ? null : known.commit;
  }

  /** Whether commits of what is checked out changed, or took away, a file since it was recorded at this one. */
  async isChangedByCommit(path: string, since: string): Promise<boolean> {
    const key = `${since} ${path}`;
    const known = this.#changed.get(key);
    if (known !== undefined) return known;
    const is = this.#head !== null && ((await this.#hasInHistory(since)) || (await this.#wasTouched(path, since)));
    this.#changed.set(key, is);
    return is;
  }

  async #wasTouched(path: string, since: string): Promise<boolean> {
    const range = `${since}..${this.#head}`;
    const out = await this.#place.repo.git.try(['--literal-pathspecs', 'log', '-1', '--format=%H', range, '--', path]);
    // a commit that is gone for good tells nothing
    return out.exitCode !== 0 || out.stdout.length > 0;
  }

  /** Whether a commit is in the history of what is checked out. */
  async #hasInHistory(commit: string): Promise<boolean> {
    const known = this.#ancestors.get(commit);
    if (known !== undefined) return known;
    const is =
      this.#head !== null && (commit === this.#head || (await isInHistory(this.#place.repo.git, commit, this.#head)));
    this.#ancestors.set(commit, is);
    return is;
  }

  /** Writes what changed. A projection: where it is lost, what is there then is taken for good. */
  save(): void {
    const lists = JSON.stringify(this.#document.lists ?? {});
    if (!this.#isChanged && lists === this.#lists) return;
    this.#document.head = this.#head;
    if (!hasHome(this.#place.layout)) return;
    writeProjection(this.#path, `${JSON.stringify(this.#document)}\n`);
    this.#isChanged = false;
    this.#lists = lists;
    this.#moment = fileMoment(this.#path);
  }
}

function readSeen(path: string): GuardrailSeen {
  try {
    const value: unknown = JSON.parse(readIfThere(path)?.toString('utf8') ?? 'null');
    if (conforms('guardrail-seen', value)) return value as GuardrailSeen;
  } catch {
    // cut short by a kill, or written into: what is there now is looked at as for the first time
  }
  return { v: 1, head: null, files: {} };
}
