import { ANYTHING, testStation } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/**
 * Rule 10: an author can mend a refused order from the error file alone. Each typical mistake is dropped for real; whoever mends it here
 * reads nothing but the error file beside the quarantined order, and does what its hint says, word for word.
 */

const test = suite('mending by the hint');

const FILES = 'files:\n  - path: PATH\n    content: "x"\n';

/** Name, and the order with one typical mistake. PATH becomes a path of its own. */
const MISTAKES: readonly (readonly [name: string, order: string])[] = [
  ['no-id.yaml', `title: No id\n${FILES}`],
  ['spaces.yaml', `wo_id: WO with spaces\n${FILES}`],
  ['slash.yaml', `wo_id: team/WO-2\n${FILES}`],
  ['look-alike.yaml', `wo_id: "W\u041e-3"\n${FILES}`],
  ['number.yaml', `wo_id: 20251113\n${FILES}`],
  ['slip.yaml', `wo_id: WO-4\n${FILES}post_verfy: []\n`],
  ['colon.yaml', `wo_id: WO-5\ntitle: Fix: the greeting\n${FILES}`],
  ['no-space.yaml', `wo_id: WO-6\ntitle:Greeting\n${FILES}`],
  ['tab.yaml', 'wo_id: WO-7\nfiles:\n\t- {path: PATH, content: x}\n'],
  ['bracket.yaml', `wo_id: WO-8\ntags: [a, b\n${FILES}`],
  ['quote.yaml', `wo_id: WO-9\ntitle: "never closed\n${FILES}`],
  ['at.yaml', `wo_id: WO-10\nowner: @anna\n${FILES}`],
  ['star.yaml', `wo_id: WO-11\ntitle: *all\n${FILES}`],
  ['twice.yaml', `wo_id: WO-12\ntitle: one\ntitle: one\n${FILES}`],
  ['type.yaml', `wo_id: WO-13\ntype: patch\n${FILES}`],
  ['priority.yaml', `wo_id: WO-14\npriority: very high\n${FILES}`],
  ['text-number.yaml', `wo_id: WO-15\nretries: "2"\n${FILES}`],
  ['yes.yaml', `wo_id: WO-16\nhold: yes\n${FILES}`.replace('hold: yes', 'hold: "no"')],
  ['expected.yaml', `wo_id: WO-17\n${FILES}tests:\n  - name: two\n    command: echo 2\n    expected: 2\n`],
  ['own-key.yaml', 'wo_id: WO-18\nfiles:\n  - paht: PATH\n    content: "x"\n'],
  ['itself.yaml', `wo_id: WO-19\ndepends_on: [WO-19]\n${FILES}`],
  ['mode.yaml', `wo_id: WO-20\nfiles:\n  - path: PATH\n    mode: "u+x"\n    content: "x"\n`],
  ['owners.yaml', `wo_id: WO-21\nowner: anna\nassignee: bert\n${FILES}`],
  ['tags.yaml', `wo_id: WO-22\ndepends_on: []\ncontext_refs: notes.md\ntype: mission\ntask: Look\n`],
  ['trailing.json', '{\n  "wo_id": "WO-23",\n  "files": [{"path": "PATH", "content": "x"}],\n}\n'],
  ['single.json', `{\n  'wo_id': 'WO-24',\n  "files": [{"path": "PATH", "content": "x"}]\n}\n`],
  ['comma.json', '{\n  "wo_id": "WO-25"\n  "files": [{"path": "PATH", "content": "x"}]\n}\n'],
  ['python.json', '{\n  "wo_id": "WO-26",\n  "hold": False,\n  "files": [{"path": "PATH", "content": "x"}]\n}\n'],
  ['cut.json', '{\n  "wo_id": "WO-27",\n  "files": [{"path": "PATH", "content": "x"}]\n'],
];

/** Does what a hint says. Knows the four sentences, and nothing of orders. */
function obey(text: string, hint: string): string {
  const lines = text.split('\n');
  const write = /^Write line (\d+) as `(.*)`$/s.exec(hint);
  if (write !== null) return lines.map((line, i) => (i + 1 === Number(write[1]) ? write[2] : line)).join('\n');
  const remove = /^Remove line (\d+)\.$/.exec(hint);
  if (remove !== null) return lines.filter((_, i) => i + 1 !== Number(remove[1])).join('\n');
  const removeKey = /^Remove the line `(\w+)`/.exec(hint);
  if (removeKey !== null) return lines.filter((line) => !line.startsWith(`${removeKey[1]}:`)).join('\n');
  const first = /^Add this as the first line: `(.*)`$/s.exec(hint);
  if (first !== null) return [first[1], ...lines].join('\n');
  const after = /^Add this after line (\d+): `(.*)`$/s.exec(hint);
  if (after !== null)
    return [...lines.slice(0, Number(after[1])), after[2], ...lines.slice(Number(after[1]))].join('\n');
  throw new Error(`nobody can obey: ${hint}`);
}

test(`${MISTAKES.length} typical mistakes are mended by doing literally what the error file says`, (t) => {
  const s = testStation(t, { policy: ANYTHING });
  let orders = MISTAKES.map(([name, order], i) => [name, order.replaceAll('PATH', `f${i}`)] as const);
  const open = new Set(orders.map(([name]) => name));
  const told = new Map<string, string[]>();
  const seen = new Set<string>();
  // a mistake in two lines takes two hints
  for (let round = 1; round <= 3 && open.size > 0; round++) {
    for (const [name, order] of orders)
      if (open.has(name)) s.write(`bridge/inbox/MAIN/${name}`, name.endsWith('.json') ? order : `${order}...\n`);
    s.drain();
    const errors = new Map<string, { code: string; hint: string }>();
    for (const file of s.names('bridge/quarantine/MAIN')) {
      const name = /^[0-9A-Z]{26}-(.+)\.error\.json$/.exec(file)?.[1];
      if (name !== undefined && !seen.has(file))
        errors.set(name, JSON.parse(s.read(`bridge/quarantine/MAIN/${file}`)) as { code: string; hint: string });
    }
    for (const file of s.names('bridge/quarantine/MAIN')) seen.add(file);
    for (const name of [...open]) if (!errors.has(name)) open.delete(name);
    orders = orders.map(([name, order]) => {
      const error = errors.get(name);
      if (error === undefined) return [name, order] as const;
      told.set(name, [...(told.get(name) ?? []), `${error.code}: ${error.hint}`]);
      return [name, obey(order, error.hint)] as const;
    });
  }
  assert.deepEqual(
    [...open].map((name) => [name, told.get(name)]),
    [],
  );
  // every one was refused first
  assert.equal(
    told.size,
    MISTAKES.length,
    `taken at once: ${MISTAKES.filter(([name]) => !told.has(name)).map(([name]) => name)}`,
  );
  assert.equal(s.state('WO-5').title, 'Fix: the greeting');
  assert.equal(s.state('WO-10').owner, '@anna');
  assert.deepEqual(s.state('WO-8').tags, ['a', 'b']);
  // and each means what its author meant
  for (const [i, [name, order]] of MISTAKES.entries())
    if (order.includes('PATH')) assert.equal(s.read(`f${i}`), 'x', name);
  assert.ok(s.names('state/orders').length >= MISTAKES.length);
});

test.run();
