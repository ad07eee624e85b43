import { basename, dirname, join } from 'node:path';
import { namesIn } from './durable.ts';

/** What a file of lines is called when it is closed and a new one begins: unified.jsonl becomes unified.2026-11-20.1.jsonl. */
export function turnedName(path: string, day: string, n: number): string {
  return path.replace(/\.jsonl$/, `.${day}.${n}.jsonl`);
}

/** The files that a file of lines was turned to, newest first. */
export function turnedFiles(path: string): string[] {
  const stem = basename(path, '.jsonl');
  return namesIn(dirname(path))
    .flatMap((name) => {
      const rest = name.startsWith(`${stem}.`) ? name.slice(stem.length) : '';
      const [, day, n = ''] = /^\.(\d{4}-\d\d-\d\d)\.(\d+)\.jsonl$/.exec(rest) ?? [];
      return day === undefined ? [] : [{ name, key: `${day}.${n.padStart(9, '0')}` }];
    })
    .sort((a, b) => (a.key < b.key ? 1 : -1))
    .map(({ name }) => join(dirname(path), name));
}
