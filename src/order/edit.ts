import { WaybillError } from './error.ts';
import type { FileAction } from './order.ts';

type Edit = Extract<FileAction, { action: 'edit' }>;

/**
 * Replaces the one place where `find` stands, or inserts after or before it. Works on bytes, so whatever else
 * is in the file arrives unchanged. Throws FIND_NOT_FOUND or FIND_AMBIGUOUS (with the lines).
 */
export function applyEdit(bytes: Buffer, edit: Edit): Buffer {
  const find = Buffer.from(edit.find, 'utf8');
  const at = bytes.indexOf(find);
  if (at === -1)
    throw new WaybillError('FIND_NOT_FOUND', `${edit.path}: ${quote(edit.find)} does not stand in the file`);
  const second = bytes.indexOf(find, at + 1);
  if (second !== -1) {
    throw new WaybillError(
      'FIND_AMBIGUOUS',
      `${edit.path}: ${quote(edit.find)} stands at lines ${lineOf(bytes, at)} and ${lineOf(bytes, second)}`,
    );
  }
  const text = Buffer.from(edit.text, 'utf8');
  let start = at;
  let end = at + find.length;
  if (edit.wholeLine && edit.place !== 'replace') {
    start = at === 0 ? 0 : bytes.lastIndexOf(10, at - 1) + 1;
    const lineEnd = bytes.indexOf(10, find.at(-1) === 10 ? end - 1 : end);
    // the last line may have no end: what follows it begins on a line of its own
    if (lineEnd === -1 && edit.place === 'after') return Buffer.concat([bytes, Buffer.from('\n'), text]);
    end = lineEnd + 1;
  }
  switch (edit.place) {
    case 'replace':
      return Buffer.concat([bytes.subarray(0, start), text, bytes.subarray(end)]);
    case 'after':
      return Buffer.concat([bytes.subarray(0, end), text, bytes.subarray(end)]);
    case 'before':
      return Buffer.concat([bytes.subarray(0, start), text, bytes.subarray(start)]);
  }
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}

function lineOf(bytes: Buffer, offset: number): number {
  let line = 1;
  for (let i = bytes.indexOf(10); i !== -1 && i < offset; i = bytes.indexOf(10, i + 1)) line++;
  return line;
}
