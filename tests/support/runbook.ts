import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The pages of docs/runbooks, as far as a machine reads them. */

export const RUNBOOKS = resolve(import.meta.dirname, '../../docs/runbooks');

export interface Block {
  readonly text: string;
  /** 1 where its last line carries the comment `# exits 1`: a command that tells of a fault does so with its exit code, too. */
  readonly exits: number;
}

export interface Runbook {
  readonly name: string;
  /** The lines of "What you see", without their times. */
  readonly alerts: readonly string[];
  readonly findOut: readonly Block[];
  /** What mends it, by the heading that says in which case; '' where there is one case only. */
  readonly mends: ReadonlyMap<string, readonly Block[]>;
  readonly check: readonly Block[];
}

const PARTS = ['What you see', 'What it means', 'Find out', 'Mend', 'Check'];

/** Every page but the table of contents. Throws where one has not the form that all have. */
export function runbooks(): Runbook[] {
  return readdirSync(RUNBOOKS)
    .filter((file) => file.endsWith('.md') && file !== 'README.md')
    .sort()
    .map((file) => read(file.slice(0, -3), readFileSync(join(RUNBOOKS, file), 'utf8')));
}

function read(name: string, text: string): Runbook {
  const parts = new Map(sections(text, '## '));
  if ([...parts.keys()].join() !== ['', ...PARTS].join())
    throw new Error(`${name}.md has the parts ${[...parts.keys()].slice(1).join(', ')}, not ${PARTS.join(', ')}`);
  const part = (title: string) => parts.get(title) ?? '';
  const [first, ...cases] = sections(part('Mend'), '### ');
  const always = blocks(first?.[1] ?? '', 'sh');
  const mends = new Map(cases.map(([title, body]) => [title, [...always, ...blocks(body, 'sh')]]));
  const alerts = blocks(part('What you see'), 'text')
    .flatMap((block) => block.text.trim().split('\n'))
    .map((line) => withoutTime(line));
  const book = {
    name,
    alerts,
    findOut: blocks(part('Find out'), 'sh'),
    mends: mends.size === 0 ? new Map([['', always]]) : mends,
    check: blocks(part('Check'), 'sh'),
  };
  for (const [what, found] of [
    ['alert', book.alerts],
    ['command in Find out', book.findOut],
    ['command in Check', book.check],
    ...[...book.mends].map(([title, found]) => [`command in Mend ${title}`, found] as const),
  ] as const)
    if (found.length === 0) throw new Error(`${name}.md has no ${what}`);
  return book;
}

/** What stands before the first heading of this depth, under '', and under each of them. */
function sections(text: string, mark: string): [string, string][] {
  const [before = '', ...rest] = `\n${text}`.split(`\n${mark}`);
  return [
    ['', before],
    ...rest.map((one): [string, string] => [one.split('\n')[0] ?? '', one.slice(one.indexOf('\n'))]),
  ];
}

function blocks(text: string, language: string): Block[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, body = '']) => ({
    text: body,
    exits: Number(/# exits (\d+)\n$/.exec(body)?.[1] ?? 0),
  }));
}

function withoutTime(line: string): string {
  return line.replace(/^\[[^\]]*\] /, '');
}

/** An alert's words without what is another each time: ids, commits, instants, numbers, lengths of time, the folders of PATH. */
export function wordsOf(line: string): string {
  return withoutTime(line)
    .replace(/\b[0-9A-HJKMNP-TV-Z]{26}\b/g, 'ID')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/\b[0-9a-f]{10}\b/g, 'COMMIT')
    .replace(/\(\/[^)]*\)/g, '(PATH)')
    .replace(/\d+[dhms]( \d+[hm])?\b/g, 'LENGTH')
    .replace(/\d+/g, 'N');
}
