import { plain } from '../words.ts';
import type { DigestText, Section } from './sections.ts';

/** So many characters of a text that an order chose stand in a cell. */
const MOST = 160;

/** And so many on a terminal, unless it is the last of its row. */
const MOST_WIDE = 40;

/** A cell on one line, with nothing in it that moves a cursor or turns text around, cut where it is long. */
function shown(text: string, most = MOST): string {
  const line = plain(text.slice(0, MOST * 4))
    .replace(/\s+/g, ' ')
    .trim();
  const characters = [...line];
  return characters.length > most ? `${characters.slice(0, most).join('')}…` : line;
}

/** Lines for a terminal; `strong` marks a title. */
export function asLines(digest: DigestText, strong: (text: string) => string): string[] {
  const { title, headline, sections, notes } = digest;
  return [
    strong(shown(title)),
    headline,
    ...sections.flatMap((section) => ['', ...lines(section, strong)]),
    '',
    ...notes,
  ];
}

function lines({ title, head, rows, figures, none, note }: Section, strong: (text: string) => string): string[] {
  if (rows.length === 0) return [none];
  const cells = [head, ...rows].map((row) => row.map((cell, n) => shown(cell, n < row.length - 1 ? MOST_WIDE : MOST)));
  const widths = head.map((_, n) => Math.max(...cells.map((row) => [...(row[n] ?? '')].length)));
  const text = cells.map((row) =>
    row
      .map((cell, n) => {
        const padding = ' '.repeat((widths[n] ?? 0) - [...cell].length);
        return figures.includes(n) ? `${padding}${cell}` : `${cell}${padding}`;
      })
      .join('  ')
      .trimEnd(),
  );
  return [strong(title), ...text.map((line) => `  ${line}`), ...(note === null ? [] : [`  ${note}`])];
}

/** Markdown: every sign that could mean something there is escaped, so that titles stay text. */
export function asMarkdown({ title, headline, sections, notes }: DigestText): string {
  const parts = sections.map(({ title: name, head, rows, figures, none, note }) => {
    if (rows.length === 0) return `## ${name}\n\n${none}`;
    const line = (row: readonly string[]) => `| ${row.map(inMarkdown).join(' | ')} |`;
    const rule = `| ${head.map((_, n) => (figures.includes(n) ? '--:' : '---')).join(' | ')} |`;
    return [
      `## ${name}`,
      '',
      line(head),
      rule,
      ...rows.map(line),
      ...(note === null ? [] : ['', inMarkdown(note)]),
    ].join('\n');
  });
  return `${[`# ${inMarkdown(title)}`, inMarkdown(headline), ...parts, ...notes.map(inMarkdown)].join('\n\n')}\n`;
}

/** Escaped are also the colon and the dots of what would become a link by itself. */
function inMarkdown(text: string): string {
  return shown(text)
    .replace(/[\\`*_{}[\]<>#|~&$@]/g, (sign) => `\\${sign}`)
    .replace(/:(?=\/\/)|(?<=www)\./gi, (sign) => `\\${sign}`);
}

/** One HTML file that needs nothing else, runs nothing, and reads well in mail. */
export function asHtml({ title, headline, sections, notes }: DigestText): string {
  const parts = sections.map(({ title: name, head, rows, figures, none, note }) => {
    if (rows.length === 0) return `<h2>${inHtml(name)}</h2>\n<p>${inHtml(none)}</p>`;
    const cell = (tag: string) => (text: string, n: number) =>
      `<${tag}${figures.includes(n) ? ' align="right"' : ''}>${inHtml(text)}</${tag}>`;
    const body = rows.map((row) => `<tr>${row.map(cell('td')).join('')}</tr>`).join('\n');
    return `<h2>${inHtml(name)}</h2>
<table><thead><tr>${head.map(cell('th')).join('')}</tr></thead>
<tbody>
${body}
</tbody></table>${note === null ? '' : `\n<p>${inHtml(note)}</p>`}`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${inHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${inHtml(title)}</h1>
<p><strong>${inHtml(headline)}</strong></p>
${parts.join('\n')}
${notes.map((note) => `<p>${inHtml(note)}</p>`).join('\n')}
</body>
</html>
`;
}

const STYLE = `
body { font: 15px/1.45 system-ui, sans-serif; max-width: 70em; margin: 1.5em auto; padding: 0 1em; }
h1 { font-size: 1.3em; } h2 { font-size: 1.05em; margin: 1.6em 0 .4em; }
table { border-collapse: collapse; } th, td { padding: .25em .7em .25em 0; text-align: start; vertical-align: top; }
th { font-weight: 600; opacity: .7; } td { border-top: 1px solid #8884; overflow-wrap: anywhere; }
[align=right] { text-align: end; font-variant-numeric: tabular-nums; white-space: nowrap; }
`;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function inHtml(text: string): string {
  return shown(text).replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? '');
}
