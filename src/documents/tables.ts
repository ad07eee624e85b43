import type { SpokenLine } from './spoken-lines.ts';

/** A table of Markdown: the names of its columns, and its rows. */
interface Table {
  readonly head: readonly string[];
  readonly rows: readonly { readonly line: SpokenLine; readonly cells: readonly string[] }[];
}

/** The table that begins with this line, or null: a heading row, the rule below it, and rows. */
export function tableAt(lines: readonly SpokenLine[], n: number): Table | null {
  const [head, rule] = [lines[n], lines[n + 1]];
  if (head === undefined || rule === undefined || rule.line !== head.line + 1) return null;
  if (!head.raw.includes('|') || !isTableRule(rule.raw)) return null;
  const rows: { line: SpokenLine; cells: string[] }[] = [];
  for (let m = n + 2; ; m++) {
    const line = lines[m];
    if (line === undefined || line.line !== rule.line + 1 + rows.length || !line.raw.includes('|')) break;
    rows.push({ line, cells: cellsOf(line.text) });
  }
  return { head: cellsOf(head.text), rows };
}

/** The line below the names of the columns. */
export function isTableRule(raw: string): boolean {
  return raw.includes('-') && raw.includes('|') && /^[\s|:-]+$/.test(raw);
}

function cellsOf(text: string): string[] {
  const inner = text
    .trim()
    .replace(/^\|/, '')
    .replace(/(?<!\\)\|$/, '');
  return inner.split(/(?<!\\)\|/).map((cell) => cell.replaceAll('\\|', '|').trim());
}
