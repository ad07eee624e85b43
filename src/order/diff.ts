import { createTwoFilesPatch } from 'diff';
import type { Change, Content } from './change.ts';

/** Past this size a line diff costs more than it tells; the patch then names the sizes. */
const MAX_DIFF_BYTES = 1024 * 1024;

/** Past this many changed lines the shortest diff costs the square of them; the whole old and new text are as true. */
const MAX_CHANGED_LINES = 2000;

/** The changes as one unified diff in git's form, byte for byte where the files are text. */
export function renderDiff(changes: readonly Change[]): Buffer {
  return Buffer.concat(changes.map(renderChange));
}

function renderChange(change: Change): Buffer {
  const a = quotePath(`a/${change.path}`);
  const b = quotePath(`b/${change.path}`);
  const lines = [`diff --git ${a} ${b}`];
  if (change.before === null) lines.push(`new file mode ${change.after?.mode ?? '100644'}`);
  else if (change.after === null) lines.push(`deleted file mode ${change.before.mode}`);
  else if (change.before.mode !== change.after.mode)
    lines.push(`old mode ${change.before.mode}`, `new mode ${change.after.mode}`);
  const head = Buffer.from(`${lines.join('\n')}\n`, 'utf8');
  const [before, after] = [bytesOf(change.before), bytesOf(change.after)];
  if (before.equals(after)) return head;
  const [oldName, newName] = [change.before === null ? '/dev/null' : a, change.after === null ? '/dev/null' : b];
  if (isBinary(before) || isBinary(after) || before.length + after.length > MAX_DIFF_BYTES) {
    return Buffer.concat([
      head,
      Buffer.from(
        `Binary files ${oldName} (${before.length} bytes) and ${newName} (${after.length} bytes) differ\n`,
        'utf8',
      ),
    ]);
  }
  const hunks = hunksOf(before.toString('latin1'), after.toString('latin1'));
  return Buffer.concat([head, Buffer.from(`--- ${oldName}\n+++ ${newName}\n`, 'utf8'), Buffer.from(hunks, 'latin1')]);
}

function hunksOf(before: string, after: string): string {
  const options = { context: 3, maxEditLength: MAX_CHANGED_LINES };
  const body = createTwoFilesPatch('old', 'new', before, after, undefined, undefined, options) as string | undefined;
  return body === undefined ? wholeHunk(before, after) : body.slice(body.indexOf('@@'));
}

function wholeHunk(before: string, after: string): string {
  const [old, now] = [linesOf(before, '-'), linesOf(after, '+')];
  const range = (count: number) => (count === 0 ? '0,0' : `1,${count}`);
  return `@@ -${range(old.count)} +${range(now.count)} @@\n${old.text}${now.text}`;
}

function linesOf(text: string, sign: '-' | '+'): { text: string; count: number } {
  if (text === '') return { text: '', count: 0 };
  const whole = text.endsWith('\n');
  const lines = (whole ? text.slice(0, -1) : text).split('\n');
  const end = whole ? '' : '\\ No newline at end of file\n';
  return { text: `${lines.map((line) => `${sign}${line}\n`).join('')}${end}`, count: lines.length };
}

function bytesOf(content: Content | null): Buffer {
  return content?.bytes ?? Buffer.alloc(0);
}

/** Git's own rule: a NUL in the first 8,000 bytes. */
function isBinary(bytes: Buffer): boolean {
  return bytes.subarray(0, 8000).includes(0);
}

function quotePath(path: string): string {
  if (!/["\\\p{Cc}]/u.test(path)) return path;
  return `"${path.replace(/["\\]/g, '\\$&').replace(/\p{Cc}/gu, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`)}"`;
}
