import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exitCodeOf } from '../src/cli/output.ts';
import { exampleOf } from '../src/intake/error-example.ts';
import { type ErrorCode, WaybillError } from '../src/order/error.ts';
import { errorPage } from '../src/order/errors/causes/page.ts';
import { THEMES } from '../src/order/errors/causes/table.ts';

/** The pages of docs/errors, one for each code and an index, by the names of their files. `docs`: the folder of the pages that they lead to. */
export function errorPages(docs: string): Map<string, string> {
  const headings = new Map<string, string>();
  const titled = (path: string): string => {
    const known = headings.get(path) ?? titleOf(docs, path);
    headings.set(path, known);
    return known;
  };
  const pages = new Map<string, string>([['README.md', index()]]);
  for (const { causes } of THEMES)
    for (const code of Object.keys(causes) as ErrorCode[]) pages.set(`${code}.md`, pageText(code, titled));
  return pages;
}

function pageText(code: ErrorCode, titled: (path: string) => string): string {
  const { what, causes, cure, see, retryable, theme } = errorPage(code);
  const { order, file, error } = exampleOf(code);
  const links = see.map((path) => path.replace(/^docs\//, '')).map((path) => `- [${titled(path)}](../${path})`);
  const shown =
    order === null
      ? ['What its author reads:']
      : [`The order, \`${file}\`:`, fenced('text', order), 'What its author reads:'];
  return [
    `# ${code}`,
    what,
    `Retryable: ${retryable ? 'yes, as often as `retries` of the order says' : 'no'}. Exit code: ${exitCode(code)}. One of: [${theme.toLowerCase()}](README.md#${anchor(theme)}).`,
    '## How it comes about',
    causes.map((cause) => `- ${cause}`).join('\n'),
    '## What to do',
    cure.map((step, i) => `${i + 1}. ${step}`).join('\n'),
    '## Example',
    ...shown,
    fenced('json', JSON.stringify(error, null, 2)),
    '## See also',
    links.join('\n'),
  ].join('\n\n');
}

const ABOUT = `Every refusal and every failure has a code, a message that names the thing, a place (file, line, column) where there is one, and a hint. They stand in the result, in the state file, beside a quarantined file, and in the answer of the command line. Each code has a page here, with how it comes about, what to do, and an example; \`waybill explain CODE\` shows the same.

_Retryable_ failures are tried again by themselves as often as the order's \`retries\` says. Any failed order can be tried again by a person with \`waybill retry\`, or by dropping the same file again; after \`EFFECT_UNVERIFIED\` only with \`waybill retry\`. _Exit_ is the code of the command line when it refuses with this code itself; an order that failed gives 1 whatever its code. A hint that begins with _Write line_, _Add this_ or _Remove line_ was [tried](../writing-orders.md#hints-that-work) before it was given.`;

function index(): string {
  const sections = THEMES.map(({ title, causes }) => {
    const rows = (Object.keys(causes) as ErrorCode[]).map((code) => {
      const { what, retryable } = errorPage(code);
      return `| [${code}](${code}.md) | ${what.replaceAll('|', '\\|')} | ${retryable ? 'yes' : ''} | ${exitCode(code)} |`;
    });
    return [`## ${title}`, ['| Code | What it means | Retryable | Exit |', '|---|---|---|---|', ...rows].join('\n')];
  });
  return ['# Error codes', ABOUT, ...sections.flat()].join('\n\n');
}

function exitCode(code: ErrorCode): number {
  return exitCodeOf(new WaybillError(code, ''));
}

/** What stands as the heading where a path leads. Throws where there is none. */
function titleOf(docs: string, path: string): string {
  const [file = '', wanted] = path.split('#');
  const lines = readFileSync(join(docs, file), 'utf8').split('\n');
  const headings = lines.flatMap((line) => /^#+ (.+)$/.exec(line)?.[1] ?? []);
  const [page = file] = headings;
  if (wanted === undefined) return page;
  const heading = headings.find((text) => anchor(text) === wanted);
  if (heading === undefined) throw new Error(`docs/${file} has no heading for #${wanted}`);
  return `${page}: ${heading}`;
}

/** As links to headings are written. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .trim()
    .replace(/\s/g, '-');
}

function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text.trim()}\n\`\`\``;
}
