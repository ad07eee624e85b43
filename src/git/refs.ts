import { dirname, join } from 'node:path';
import { WaybillError } from '../order/error.ts';
import { readIfThere, syncDir } from '../platform/durable.ts';
import { fs, ifThere } from '../platform/fs.ts';
import { readLines } from '../platform/jsonl.ts';

/** Where HEAD points. */
export type Head = { kind: 'branch'; ref: string } | { kind: 'detached'; id: string };

/** Reads refs from their files, without starting git: loose first, then packed. Only for the files backend; others are refused at start. */
export class Refs {
  readonly #gitDir: string;

  constructor(gitDir: string) {
    this.#gitDir = gitDir;
  }

  head(): Head {
    const text = readIfThere(join(this.#gitDir, 'HEAD'))?.toString('utf8').trim() ?? '';
    if (text.startsWith('ref: ')) return { kind: 'branch', ref: text.slice(5).trim() };
    if (/^[0-9a-f]{40}$/.test(text)) return { kind: 'detached', id: text };
    throw new WaybillError('GIT_FAILED', `HEAD holds ${JSON.stringify(text.slice(0, 60))}`);
  }

  /** The commit that the work tree is of; null on an unborn branch. */
  checkedOut(): string | null {
    const head = this.head();
    return head.kind === 'branch' ? this.read(head.ref) : head.id;
  }

  /** The commit a ref points to, or null when it does not exist. */
  read(ref: string): string | null {
    // While git replaces a loose ref or packs it, one of the two always holds it: look at loose, packed, loose.
    return this.#loose(ref) ?? this.#packed(ref) ?? this.#loose(ref);
  }

  /** All refs below a folder of refs, each by its name without that folder. A link is not looked at. */
  below(folder: string): Map<string, string> {
    // loose ones first: while git packs a ref it is in the packed file before it is no file of its own
    const loose = new Map(this.#looseBelow(folder));
    const packed = new Map<string, string>();
    for (const { text } of readLines(join(this.#gitDir, 'packed-refs')))
      if (text.startsWith(`${folder}/`, 41)) packed.set(text.slice(42 + folder.length), text.slice(0, 40));
    return new Map([...packed, ...loose]);
  }

  #looseBelow(folder: string, above = ''): [string, string][] {
    const entries = ifThere(() => fs.readdirSync(join(this.#gitDir, folder, above), { withFileTypes: true })) ?? [];
    return entries.flatMap((entry): [string, string][] => {
      const name = `${above}${entry.name}`;
      if (entry.isDirectory()) return this.#looseBelow(folder, `${name}/`);
      const id = entry.isFile() && !name.endsWith('.lock') ? this.#loose(`${folder}/${name}`) : null;
      return id === null ? [] : [[name, id]];
    });
  }

  #loose(ref: string): string | null {
    const text = ifThereOrFolder(() => readIfThere(join(this.#gitDir, ref))?.toString('utf8').trim());
    return text !== undefined && /^[0-9a-f]{40}$/.test(text) ? text : null;
  }

  #packed(ref: string): string | null {
    for (const line of readLines(join(this.#gitDir, 'packed-refs'))) {
      if (line.text.slice(41) === ref) return line.text.slice(0, 40);
    }
    return null;
  }
}

/** Makes it last that refs have the names they have: git syncs their content, and no folder. */
export function syncRefs(gitDir: string, refs: Iterable<string>): void {
  // the folders above them were made, and synced, before
  for (const folder of new Set([...refs].map(dirname))) ifThere(() => syncDir(join(gitDir, folder)));
}

function ifThereOrFolder<T>(call: () => T): T | undefined {
  try {
    return ifThere(call);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EISDIR') return undefined;
    throw error;
  }
}
