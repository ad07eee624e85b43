import fc from 'fast-check';

/** Backlogs as people write them, made at random: each line with whether it has a check box. */

export interface Made {
  readonly lines: readonly string[];
  readonly boxes: number;
}

const word = fc.constantFrom(
  'fix',
  'the',
  'parser',
  'ledger',
  'docs',
  'gate',
  'F3/F4',
  'naïve',
  '测试',
  'v1.2',
  '`a — b`',
  'unblocked',
  'x',
);
const title = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join(' '));
const owner = fc.constantFrom('anna', 'antigravity/COO', 'a, b and c', 'Claude Code / bob', 'TBD', '');
const sign = fc.constantFrom(
  ' ',
  'x',
  'X',
  '/',
  '!',
  '~',
  '-',
  '',
  ' x ',
  '✓',
  '?',
  '  ',
  'xx',
  '\u00a0',
  '>',
  'todo',
  'in progress',
  '*',
);
const bullet = fc.constantFrom('- ', '* ', '+ ', '1. ', '12) ', '-', '-\t', '  - ', '\t* ', '      - ');
const separator = fc.constantFrom(' — ', ' -- ', ' - ', '; ', ' – ');
const field = fc.oneof(
  title.map((text) => `DoD: ${text}`),
  title.map((text) => `dod: ${text}`),
  owner.map((name) => `Owner: ${name}`),
  fc.constantFrom(
    'Context: blocked by legal',
    'Context: unblocked now',
    'Why Now: it is asked for',
    'CONTEXT: depends on T-3',
  ),
  fc.constantFrom(
    'Depends: T-1',
    'Scope: src/a, docs/*.md',
    'Scope: tests only',
    'ID: T-1',
    'id: T-2',
    'ID: not good',
    'Date: 2026-02-01',
  ),
);
const named = fc
  .tuple(fc.constantFrom('', 'P1: ', '(P0) ', '[P2] ', '**P3** ', 'P7: '), title, fc.boolean())
  .map(([priority, text, isBold]) => priority + (isBold ? `**${text}**` : text));

const itemLine = fc
  .tuple(bullet, sign, fc.constantFrom(' ', '', '  '), named, fc.array(fc.tuple(separator, field), { maxLength: 4 }))
  .map(([b, s, gap, text, fields]) => ({
    // a word in brackets right before others is a link
    lines: [`${b}[${s}]${s.length > 3 ? ' ' : gap}${text}${fields.map(([by, words]) => by + words).join('')}`],
    boxes: 1,
  }));
const untitled = fc
  .constantFrom('- [ ]', '- [x] ', '* [ ] — DoD: nothing')
  .map((line) => ({ lines: [line], boxes: 1 }));
const elsewhere = fc
  .oneof(
    fc
      .tuple(
        fc.constantFrom(
          ...['| a | ', '| 1 | ', '| - ', '> - ', '> ', '### ', '**', '- **', '• ', '− ', '－ ', 'a. ', 'B) '],
          ...['- **P1** ', '- P2: ', '(P0) ', '- 🚀 ', '1. - '],
        ),
        fc.constantFrom('[ ]', '[x]', '[X]', '[]', '[/]', '[!]', '[-]', '[~]', '\\[ ]', '\\[x\\]', '[[ ]]'),
        title,
      )
      .map(([before, box, text]) => `${before}${box} ${text}`),
    fc.constantFrom('[ ] bare words', '- ☐ glyph', '- [ never closed', '- \\[ ] escaped', '- [[ ]] twice'),
  )
  .map((line) => ({ lines: [line], boxes: 1 }));
const hidden = fc
  .tuple(fc.constantFrom(['```', '```'], ['~~~ md', '~~~'], ['<!--', '-->']), fc.array(itemLine, { maxLength: 3 }))
  .map(([[open = '', close = ''], items]) => ({
    lines: [open, ...items.flatMap(({ lines }) => lines), close],
    boxes: items.length,
  }));
const other = fc
  .constantFrom(
    '',
    '# Backlog',
    '## Now',
    '### P0 (Critical)',
    '### P1',
    '### P9',
    'Some words; owner: nobody',
    '  DoD: on a line of its own',
    '  - **Owner:** x/y',
    '  waiting for legal',
    '---',
    '- a plain bullet',
    '- [a link](http://example.org)',
    '- [RFC] a word in brackets',
    '> [!NOTE]',
    '> [-](http://example.org)',
    '## [Unreleased]',
    '<!-- a comment -->',
    'Use `- [ ]` for what is open',
    '\u202e- turned',
  )
  .map((line) => ({ lines: [line], boxes: 0 }));

const block = fc.oneof(
  { arbitrary: itemLine, weight: 8 },
  { arbitrary: other, weight: 5 },
  { arbitrary: untitled, weight: 1 },
  { arbitrary: elsewhere, weight: 1 },
  { arbitrary: hidden, weight: 1 },
);

/** A backlog of up to so many pieces; every fourth line or so stands there twice. */
export function backlogs(most: number): fc.Arbitrary<Made> {
  return fc
    .tuple(fc.array(block, { maxLength: most }), fc.array(fc.nat(), { maxLength: Math.floor(most / 4) }))
    .map(([blocks, again]) => {
      const all = [...blocks];
      for (const n of again) {
        const twice = blocks[n % Math.max(1, blocks.length)];
        if (twice !== undefined) all.splice(n % (all.length + 1), 0, twice);
      }
      return { lines: all.flatMap(({ lines }) => lines), boxes: all.reduce((sum, { boxes }) => sum + boxes, 0) };
    });
}

/** The text of such a backlog, with one of the ends that lines have. */
export function textOf({ lines }: Made, eol: string, mark = ''): string {
  return mark + lines.map((line) => line + eol).join('');
}
