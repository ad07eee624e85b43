import type { NewItem } from './new-items.ts';

/** The text of a backlog with these items at its end, below a heading. */
export function addItems(_file: string, text: string, items: readonly NewItem[], heading: string): string {
  const begin = text === '' ? '# Backlog\n' : text.endsWith('\n') ? text : `${text}\n`;
  const lines = items.map(({ id, title, priority, dod }) => `- [ ] P${priority}: ${title} — DoD: ${dod} — ID: ${id}\n`);
  return `${begin}\n## ${heading}\n\n${lines.join('')}`;
}
