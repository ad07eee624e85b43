import { join } from 'node:path';
import type { LessonDocument } from '../order/generated.ts';
import { now } from '../platform/clock.ts';
import { ensureDir, namesIn, readIfThere, writeDurable } from '../platform/durable.ts';
import { ifThere, statIfThere } from '../platform/fs.ts';
import { newUlid } from '../platform/ids.ts';
import { readLinesBackwards } from '../platform/jsonl.ts';
import { conform, conforms } from '../platform/schema.ts';
import { readJsonLine } from './json-line.ts';

/** What was learned, one file each, so that who looks the next time finds it. */

export type LessonType = LessonDocument['type'];

export const LESSON_TYPES: readonly LessonType[] = ['pattern', 'solution', 'failure', 'improvement', 'rule', 'note'];

export interface NewLesson {
  readonly type: LessonType;
  readonly title: string;
  readonly context: string;
  readonly tags: readonly string[];
  readonly links: readonly string[];
}

/** Writes a lesson down, durably. Returns it and its file. Throws USAGE where it has no title or too much of something. */
export function addLesson(folder: string, lesson: NewLesson): { lesson: LessonDocument; file: string } {
  const { type, title, context } = lesson;
  const document = {
    v: 1,
    id: newUlid(),
    at: now(),
    type,
    title,
    context,
    tags: [...lesson.tags],
    links: [...lesson.links],
  };
  const checked = conform('lesson', document, 'USAGE');
  ensureDir(folder);
  const file = join(folder, `lesson-${checked.id}.json`);
  writeDurable(file, `${JSON.stringify(checked, null, 2)}\n`);
  return { lesson: checked, file };
}

/** Lessons, newest first, and the names of files that are none. */
export function readLessons(folder: string): { lessons: LessonDocument[]; unreadable: string[] } {
  const lessons: LessonDocument[] = [];
  const unreadable: string[] = [];
  for (const name of namesIn(folder).filter((n) => /^lesson-.*\.json$/.test(n))) {
    const lesson = lessonIn(join(folder, name));
    if (lesson === null) unreadable.push(name);
    else lessons.push(lesson);
  }
  return { lessons: lessons.sort((a, b) => (a.id < b.id ? 1 : -1)), unreadable };
}

/** The lesson in a file; null where it is none. */
export function lessonIn(file: string): LessonDocument | null {
  try {
    const value: unknown = JSON.parse(readIfThere(file)?.toString('utf8') ?? '');
    return conforms('lesson', value) ? (value as LessonDocument) : null;
  } catch {
    return null;
  }
}

/** Lessons that hold every one of these words, in any capitals. */
export function searchLessons(lessons: readonly LessonDocument[], words: readonly string[]): LessonDocument[] {
  const wanted = words.map((word) => word.toLowerCase());
  return lessons.filter((lesson) => {
    const text = [lesson.type, lesson.title, lesson.context, ...lesson.tags, ...lesson.links].join('\n').toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}

const LEDGER_LINES = 20_000;

/** Titles in the older ledgers of lessons of seed 003's tree (`mls/ledger/*.jsonl`) whose line names the path. Only read, never written. */
export function olderLessons(root: string, path: string): string[] {
  const folder = join(root, 'mls', 'ledger');
  if (statIfThere(folder)?.isDirectory() !== true) return [];
  const titles: string[] = [];
  for (const name of namesIn(folder).filter((n) => n.endsWith('.jsonl'))) {
    let n = 0;
    for (const line of ifThere(() => readLinesBackwards(join(folder, name))) ?? []) {
      if (++n > LEDGER_LINES) break;
      const title = line.includes(path) ? titleIn(line) : null;
      if (title !== null) titles.push(title);
    }
  }
  return titles.slice(0, 20);
}

function titleIn(line: string): string | null {
  const title = readJsonLine(line)?.('title');
  return typeof title === 'string' ? title : null;
}
