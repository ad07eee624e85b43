import { html } from 'hono/html';
import { plain } from '../../views/words.ts';
import type { Html } from '../page.ts';
import { shown } from './text.ts';

/** Of one line so much is shown, where not all of it is asked for. */
const WIDTH = 1000;

export interface DiffOptions {
  /** Lines that are drawn at most, of all files together. */
  readonly lines: number;
  /** Characters of one line that are drawn at most; 1000 where nothing is said. */
  readonly width?: number;
  /** Where the rest stands, said where there is one. */
  readonly rest: Html;
  /** Whether the files are unfolded. */
  readonly open: boolean;
}

/** A unified diff in git's form, a fold for each file, with what is added and removed marked by signs and colour. Says what it leaves out. */
export function diffView(text: string, { lines: most, width = WIDTH, rest, open }: DiffOptions): Html {
  const files = filesOf(text);
  let room = most;
  const drawn = files.map((file) => {
    const taken = file.lines.slice(0, room);
    room -= taken.length;
    return { ...file, taken };
  });
  const total = diffLength(text);
  return html`${drawn
    .filter(({ taken, lines }) => taken.length > 0 || lines.length === 0)
    .map(
      ({ name, taken, added, removed }) =>
        html`<details class="diff"${open ? html` open` : ''}><summary><code>${shown(name, 300)}</code> <span class="add">+${added}</span> <span class="del">−${removed}</span></summary>
<pre tabindex="0" role="group" aria-label="${shown(name, 300)}">${taken.map((one) => line(one, width))}</pre></details>`,
    )}${total > most ? html`<p class="cut">${total - most} more ${total - most === 1 ? 'line is' : 'lines are'} not shown here. ${rest}</p>` : ''}`;
}

function line(text: string, width: number): Html {
  const whole = plain(text);
  const cut = whole.length > width ? `${whole.slice(0, width)}… (${whole.length - width} more characters)` : whole;
  const kind = text.startsWith('+') ? 'add' : text.startsWith('-') ? 'del' : text.startsWith('@@') ? 'hunk' : '';
  return kind === '' ? html`${cut}\n` : html`<span class="${kind}">${cut}</span>\n`;
}

interface FileDiff {
  readonly name: string;
  readonly lines: readonly string[];
  readonly added: number;
  readonly removed: number;
}

/** How many lines of a diff would be drawn if all were. */
export function diffLength(text: string): number {
  return filesOf(text).reduce((sum, { lines }) => sum + lines.length, 0);
}

/** No line of a hunk can begin with `diff --git `: each has its sign before it. */
function filesOf(text: string): FileDiff[] {
  if (text === '') return [];
  const all = (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
  const starts = all.flatMap((one, n) => (n === 0 || one.startsWith('diff --git ') ? [n] : []));
  return starts.map((start, n) => fileOf(all.slice(start, starts[n + 1])));
}

function fileOf(lines: readonly string[]): FileDiff {
  const begin = lines.findIndex((one) => one.startsWith('@@'));
  const [head, body] = begin < 0 ? [lines, []] : [lines.slice(0, begin), lines.slice(begin)];
  return {
    name: nameIn(head),
    lines: [...head.filter((one) => !/^(diff --git|---|\+\+\+) /.test(one)), ...body],
    added: body.filter((one) => one.startsWith('+')).length,
    removed: body.filter((one) => one.startsWith('-')).length,
  };
}

function nameIn(head: readonly string[]): string {
  const side = (sign: string, letter: string) =>
    head.map((one) => new RegExp(`^${sign} "?${letter}/(.*?)"?$`).exec(one)?.[1]).find((name) => name !== undefined);
  return side('\\+\\+\\+', 'b') ?? side('---', 'a') ?? /^diff --git .* "?b\/(.*?)"?$/.exec(head[0] ?? '')?.[1] ?? '';
}
