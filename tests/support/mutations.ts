/** Orders in every shape, and what becomes of them in bad hands: seeded, so that a run can be repeated. */

const YAML = `wo_id: WO-BASE
title: "Base: one"
type: apply_patch
priority: P1
tags: [a, b]
created_at: 2025-11-13T01:50:00+07:00
depends_on: []
files:
  - path: fuzz/out.txt
    mode: "0644"
    content: |
      hello
      ümläut
actions:
  - {action: append, path: fuzz/out.txt, content: "more"}
metadata: {dry_run: false}
...
`;

const BASES: readonly string[] = [
  YAML,
  YAML.replaceAll('\n', '\r\n'),
  JSON.stringify(
    { wo_id: 'WO-BASE', task_type: 'apply_patch', files: { 'fuzz/a': 'a', 'fuzz/b': 'b' }, edits: [] },
    null,
    2,
  ),
  JSON.stringify({
    wo_id: 'WO-BASE',
    payload: { file_path: 'fuzz/c', action: 'create', content: 'c' },
    metadata: { dry_run: true },
  }),
  JSON.stringify({
    id: 'WO-BASE',
    intent: 'plan',
    summary: 's',
    target_candidates: ['a'],
    cost_cap_usd: 0.5,
    route_hints: { fallback_order: ['x'] },
  }),
  JSON.stringify({
    wo_id: 'WO-BASE',
    objective: 'o',
    self_apply: true,
    tasks: [{ operations: [{ op: 'write_file', file: 'fuzz/d', content: 'd' }] }],
  }),
  JSON.stringify({
    wo_id: 'WO-BASE',
    task_spec: { intent: 'i', operations: [{ op: 'write_file', file: 'fuzz/e', content: 'e' }] },
  }),
  'wo_id: WO-BASE\nproblem: |\n  p\nrequirements: |\n  r\ntags: "a,b"\ncreated_at: "$(date -u)"\n...\n',
  'wo_id: WO-BASE\nengine: x\nrouting: {prefer_agent: g, locked_zone_allowed: false}\ncontext: {title: t, instructions: i}\nconstraints: {max_tokens: 1, allow_write: false}\n...\n',
  'wo_id: WO-BASE\ntarget: x\nintent: test\nfiles: []\n...\n',
];

const NASTY = [
  '\0',
  '\ufeff',
  '\u202e',
  '\ud83d',
  '💣',
  '\t',
  '\r',
  '\n---\n',
  '\n...\n',
  '&a ',
  '*a',
  '<<: ',
  '!!js/function ',
  '%YAML 9.9\n',
  '$HOME',
  '$(id)',
  '`id`',
  '"',
  "'",
  '\\',
  '../../',
  '{',
  '[',
  ': ',
  '- ',
  '?',
  '1e999',
  '-0',
  'null',
  '99999999999999999999',
];

export interface Mutant {
  readonly name: string;
  readonly bytes: Buffer;
}

/** One mutated order under a hostile name; `n` makes the name unlike any other. */
export function mutant(random: () => number, n: number, grownBytes: number): Mutant {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const woId = random() < 0.1 ? 'WO-SAME' : `WO-${n}`;
  let bytes: Buffer = Buffer.from(pick(BASES).replaceAll('WO-BASE', woId));
  const times = 1 + Math.floor(random() * 3);
  for (let i = 0; i < times; i++) bytes = mutated(bytes, random, pick, grownBytes);
  return { name: hostileName(pick, n), bytes };
}

function mutated(bytes: Buffer, random: () => number, pick: <T>(list: readonly T[]) => T, grownBytes: number): Buffer {
  const at = Math.floor(random() * (bytes.length + 1));
  const to = Math.min(bytes.length, at + Math.floor(random() * 40));
  const cut = [bytes.subarray(0, at), bytes.subarray(to)] as const;
  switch (Math.floor(random() * 10)) {
    case 0: {
      const flipped = Buffer.from(bytes);
      for (let i = 0; i < 1 + random() * 8 && flipped.length > 0; i++)
        flipped[Math.floor(random() * flipped.length)] = Math.floor(random() * 256);
      return flipped;
    }
    case 1:
      return Buffer.from(bytes.subarray(0, at)); // cut off
    case 2:
      return Buffer.concat(cut); // a piece is gone
    case 3:
      return Buffer.concat([cut[0], bytes.subarray(at, to), bytes.subarray(at, to), cut[1]]); // a piece twice
    case 4:
    case 5:
      return Buffer.concat([bytes.subarray(0, at), Buffer.from(pick(NASTY)), bytes.subarray(at)]);
    case 6: {
      const depth = 1 + Math.floor(random() * 1000);
      const [open, close] = pick([
        ['[', ']'],
        ['{a: ', '}'],
      ] as const);
      return Buffer.concat([
        bytes.subarray(0, at),
        Buffer.from(open.repeat(depth) + close.repeat(depth)),
        bytes.subarray(at),
      ]);
    }
    case 7: {
      if (random() > 0.05) return bytes;
      const filler = Buffer.alloc(
        Math.floor(random() * grownBytes),
        pick(['a', ' ', '[', '- a\n', '\n', '"a",', 'k: v\n']),
      );
      return Buffer.concat([bytes.subarray(0, at), filler, bytes.subarray(at)]);
    }
    case 8: {
      const lines = bytes.toString('latin1').split('\n');
      const line = Math.floor(random() * lines.length);
      lines.splice(
        line,
        1,
        ...pick([
          [],
          [lines[line] ?? '', lines[line] ?? ''],
          [`\t${lines[line] ?? ''}`],
          [(lines[line] ?? '').toUpperCase()],
        ]),
      );
      return Buffer.from(lines.join('\n'), 'latin1');
    }
    default:
      return bytes;
  }
}

function hostileName(pick: <T>(list: readonly T[]) => T, n: number): string {
  const stem = pick([
    'order',
    'with space',
    '-rf',
    '$(id)',
    'quote\'"s',
    'new\nline',
    'tab\there',
    'ümläut',
    'u\u0308mlaut',
    '\u202egnp',
    '💣',
    'back\\slash',
    '*',
    'COM1',
    '%2e%2e',
    'x'.repeat(200),
  ]);
  return `${stem}.${n}.${pick(['yaml', 'yml', 'json', 'JSON', 'Yaml', 'txt'])}`;
}
