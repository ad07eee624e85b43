import type { Git } from './git.ts';

/** What lies under a station's keep refs: bytes that nobody else has. */

export interface Keep {
  readonly name: string;
  /** The ref's commit: it changes when something is added. */
  readonly id: string;
  /** When something was added last, ISO-8601. */
  readonly at: string;
  /** Why that was kept. */
  readonly why: string;
}

export interface KeepFile {
  readonly path: string;
  readonly mode: string;
  readonly blob: string;
  readonly size: number;
}

/** All keeps, newest first. `ref` is the prefix, without a slash at its end. */
export async function listKeeps(git: Git, ref: string): Promise<Keep[]> {
  const fields = ['%(refname)', '%(objectname)', '%(committerdate:unix)', '%(contents)'];
  const out = await git.text(['for-each-ref', `--format=${fields.map((f) => `${f}%00`).join('')}`, `${ref}/`]);
  const parts = out.split('\0');
  const keeps: Keep[] = [];
  for (let i = 0; i + fields.length <= parts.length; i += fields.length) {
    const [name = '', id = '', seconds = '', message = ''] = parts.slice(i, i + fields.length);
    keeps.push({ name: name.trim().slice(ref.length + 1), id, at: isoTime(seconds), why: whyOf(message) });
  }
  return keeps.sort((a, b) => (a.at === b.at ? (a.name < b.name ? -1 : 1) : a.at < b.at ? 1 : -1));
}

/** Every file that a keep holds. */
export async function keepFiles(git: Git, id: string): Promise<KeepFile[]> {
  const out = await git.run(['ls-tree', '-r', '-l', '-z', '--full-tree', id]);
  return out
    .toString('utf8')
    .split('\0')
    .flatMap((line) => {
      const match = /^(\d+) blob ([0-9a-f]{40}) +(\d+)\t(.+)$/s.exec(line);
      if (match === null) return [];
      const [, mode = '', blob = '', size = '', path = ''] = match;
      return [{ path, mode, blob, size: Number(size) }];
    });
}

/** When each file came to a keep, and why, by path. */
export async function keepReasons(git: Git, id: string): Promise<Map<string, { at: string; why: string }>> {
  const reasons = new Map<string, { at: string; why: string }>();
  const known = new Set((await git.text(['rev-list', id])).split('\n'));
  const log = await git.run(['log', '--root', '--no-renames', '-z', '--name-only', '--format=%H %ct%n%B', id]);
  let current: { at: string; why: string } | null = null;
  for (const raw of log.toString('utf8').split('\0')) {
    const token = raw.replace(/^\n/, '');
    const head = /^([0-9a-f]{40}) (\d+)\n/.exec(token);
    if (head !== null && known.has(head[1] ?? '')) current = { at: isoTime(head[2] ?? ''), why: whyOf(token) };
    else if (token !== '' && current !== null && !reasons.has(token)) reasons.set(token, current);
  }
  return reasons;
}

function whyOf(message: string): string {
  return /^Why: (.*)$/m.exec(message)?.[1] ?? '';
}

function isoTime(seconds: string): string {
  return new Date(Number(seconds) * 1000).toISOString();
}
