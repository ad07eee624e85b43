import { relative } from 'node:path';
import pc from 'picocolors';
import { addLesson, LESSON_TYPES, readLessons, searchLessons } from '../../guardrail/lessons.ts';
import type { LessonDocument } from '../../order/generated.ts';
import { note, plain, print, printJson, usage } from '../output.ts';
import { stationToRead } from '../station.ts';

type Options = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };

/** `lessons add` and `lessons search`. */
export async function lessons(args: readonly string[], options: Options): Promise<void> {
  const [what, ...words] = args;
  if (what === 'add') return add(options);
  if (what === 'search') return search(words, options);
  throw usage(`lessons knows add and search, not ${JSON.stringify(what ?? '')}`);
}

async function add(options: Options): Promise<void> {
  const { layout } = await stationToRead(options);
  const type = LESSON_TYPES.find((known) => known === options['type']);
  if (type === undefined) throw usage(`--type takes one of ${LESSON_TYPES.join(', ')}`);
  const title = textOf(options['title']);
  if (title === '') throw usage('a lesson needs a --title');
  const context = textOf(options['context']);
  const lesson = { type, title, context, tags: listOf(options['tag']), links: listOf(options['link']) };
  const { lesson: written, file } = addLesson(layout.lessons, lesson);
  if (options.json) return printJson({ ok: true, file, lesson: written });
  print(`noted: ${relative(layout.root, file)}`);
}

async function search(words: readonly string[], options: Options): Promise<void> {
  const { layout } = await stationToRead(options);
  const { lessons: all, unreadable } = readLessons(layout.lessons);
  const found = searchLessons(all, words);
  if (options.json) return printJson({ ok: true, lessons: found, unreadable });
  for (const name of unreadable) note(`${plain(name)} is no lesson`);
  if (found.length === 0) return print(words.length === 0 ? 'No lessons yet.' : 'No lesson has these words.');
  for (const lesson of found) print(asText(lesson));
}

function asText({ at, type, title, context, tags, links }: LessonDocument): string {
  const lines = [`${pc.dim(at.slice(0, 10))} ${pc.cyan(type)} ${plain(title)}`];
  if (context !== '') lines.push(`  ${plain(context).replaceAll('\n', '\n  ')}`);
  if (tags.length > 0) lines.push(`  tags: ${plain(tags.join(', '))}`);
  if (links.length > 0) lines.push(`  links: ${plain(links.join(', '))}`);
  return lines.join('\n');
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry): entry is string => typeof entry === 'string') : [];
}
