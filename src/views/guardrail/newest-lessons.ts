import { join } from 'node:path';
import { lessonIn } from '../../guardrail/lessons.ts';
import type { LessonDocument } from '../../order/generated.ts';
import { namesIn } from '../../platform/durable.ts';

/** The newest lessons, newest first. Their ids are in the order of their times, so the others are not read. */
export function newestLessons(folder: string, most: number): LessonDocument[] {
  const names = namesIn(folder)
    .filter((name) => /^lesson-.*\.json$/.test(name))
    .sort()
    .reverse();
  const found: LessonDocument[] = [];
  for (const name of names) {
    if (found.length === most) break;
    const lesson = lessonIn(join(folder, name));
    if (lesson !== null) found.push(lesson);
  }
  return found;
}
