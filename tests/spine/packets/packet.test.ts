import { WaybillError } from '../../../src/order/error.ts';
import { schemaOf } from '../../../src/platform/schema.ts';
import { contractOf, type PacketName } from '../../../src/spine/packets/names.ts';
import { PacketError, readPacket } from '../../../src/spine/packets/packet.ts';
import { assert, suite } from '../../support/suite.ts';

const test = suite('packets');

const NAMES: readonly PacketName[] = [
  'context',
  'build_packet',
  'plan_packet',
  'build_report',
  'review_packet',
  'verdict',
  'closing_packet',
];
type Json = Record<string, unknown>;
const exampleOf = (name: PacketName) => structuredClone(schemaOf(contractOf(name)).examples[0]) as Json;
const read = <N extends PacketName>(name: N, value: unknown) => readPacket(name, Buffer.from(JSON.stringify(value)));

function refused(name: PacketName, bytes: string | Uint8Array | null): PacketError {
  try {
    readPacket(name, typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
  } catch (thrown) {
    assert.ok(thrown instanceof PacketError, String(thrown));
    assert.ok(thrown instanceof WaybillError);
    assert.equal(thrown.code, 'PACKET_INVALID');
    assert.ok(thrown.message.startsWith(`${name}: `), thrown.message);
    assert.ok(thrown.faults.length >= 1 && thrown.faults.length <= 20);
    return thrown;
  }
  throw new Error(`${name} was taken`);
}

test('every packet has a contract, and its examples are taken as they are', () => {
  for (const name of NAMES) {
    for (const example of schemaOf(contractOf(name)).examples) assert.deepEqual(read(name, example), example);
  }
});

/** What the designer of seed 004 answered, word for word; a later version of that system took it for a design. */
const SEED_004 =
  "The `hash_json` function already has a docstring in `runtime/governance/HASH_POLICY_v1.py`.\nThe `runtime/util/crypto.py` file doesn't have this function. I'll add it there with the docstring:\nDone. Added `hash_json` function with docstring to `runtime/util/crypto.py:6-18`.";

test('rule 7, seed 004: prose is never a packet, in whatever it is dressed', () => {
  const packet = JSON.stringify(exampleOf('build_packet'), null, 2);
  const prose = [
    SEED_004,
    'Done.',
    'goal: Done. Added hash_json.',
    `goal: add it\napproach: by hand\nsteps: [a]\nfiles:\n  - {path: a.py, change: modify, why: it}\ntests: []\nrisks: []\n`,
    `Here is the packet:\n\n\`\`\`json\n${packet}\n\`\`\``,
    `\`\`\`json\n${packet}\n\`\`\`\nDone.`,
    `\`\`\`json\n${packet}\n\`\`\`\n\`\`\`json\n${packet}\n\`\`\``,
    `${packet}\nDone.`,
    `${packet}${packet}`,
    `\`\`\`yaml\ngoal: x\n\`\`\``,
    JSON.stringify(SEED_004),
    JSON.stringify(packet),
    `[${packet}]`,
    `{"build_packet": ${packet}}`,
    packet.replace('"goal"', '// the goal\n"goal"'),
    packet.replace(/\}\s*$/, ',}'),
    packet.replaceAll('"', "'"),
    '',
    ' \n',
    'null',
    '```json\n```',
    '```json\n\n```',
  ];
  for (const text of prose) refused('build_packet', text);
  for (const name of NAMES) refused(name, SEED_004);
  refused('verdict', 'approved');
  refused('verdict', '"approved"');
});

test('rule 7: nothing handed in is no packet, and no verdict is ever filled in', () => {
  for (const name of NAMES) assert.match(refused(name, null).message, /nothing was handed in/);
  const { verdict: _, ...rest } = exampleOf('verdict');
  assert.match(refused('verdict', JSON.stringify(rest)).message, /verdict/);
});

test('rule 10: a packet in a fence that is the whole file is taken, with its places as they were written', () => {
  const example = exampleOf('verdict');
  const packet = JSON.stringify(example, null, 2);
  for (const [open, close] of [
    ['```json', '```'],
    ['```', '```\n'],
    ['````json', '````'],
    ['~~~', '~~~'],
    ['\n  \n```json  ', '``` \n\n'],
    ['\ufeff```JSON', '```'],
  ])
    assert.deepEqual(readPacket('verdict', Buffer.from(`${open}\n${packet}\n${close}`)), example, open);
  assert.deepEqual(
    readPacket('verdict', Buffer.from(`\`\`\`json\r\n${packet.replaceAll('\n', '\r\n')}\r\n\`\`\`\r\n`)),
    example,
  );
  // a fence that ends by another sign, or a shorter one, is no fence
  for (const close of ['~~~', '``', '']) refused('verdict', `\`\`\`json\n${packet}\n${close}`);
  refused('verdict', `\`\`\`\`json\n${packet}\n\`\`\``);
  const bad = packet.replace('"needs_revision"', '"maybe"');
  const [plain, wrapped] = [refused('verdict', bad), refused('verdict', `\n\`\`\`json\n${bad}\n\`\`\``)];
  assert.equal(plain.place.line, 3);
  assert.equal(wrapped.place.line, 5);
});

test('rule 10: every fault is told, with its pointer, line and column', () => {
  const text = `{
  "goal": "",
  "approach": "x",
  "steps": ["a", 5],
  "files": [
    {"path": "../a", "change": "modify", "why": "x"},
    {"path": "b", "change": "rename", "why": "x", "colour": "red"}
  ],
  "tests": []
}`;
  const { faults, place, message } = refused('build_packet', text);
  const at = (pointer: string) => faults.find((fault) => fault.pointer === pointer);
  assert.deepEqual(at('/goal')?.place, { line: 2, column: 3 });
  assert.deepEqual(at('/steps/1')?.place, { line: 4, column: 18 });
  assert.match(at('/files/0/path')?.what ?? '', /relative/);
  assert.match(at('/files/1/change')?.what ?? '', /create, modify, delete/);
  assert.match(at('/files/1/colour')?.what ?? '', /not a known key/);
  assert.match(at('')?.what ?? '', /risks/);
  assert.equal(faults.length, 6);
  assert.deepEqual(place, faults[0]?.place);
  for (const { pointer, what } of faults) assert.ok(message.includes(pointer) && message.includes(what));
  const cut = refused('build_packet', '{"goal": "x",\n "approach": ');
  assert.deepEqual(cut.place, { line: 2, column: 14 });
});

test('rule 10: no more than 20 faults, and no more of the words in them than tells where', () => {
  const many = { ...exampleOf('build_packet'), tests: Array.from({ length: 200 }, () => 5) };
  assert.equal(refused('build_packet', JSON.stringify(many)).faults.length, 20);
  const long = { ...exampleOf('build_packet'), ['x'.repeat(100_000)]: 1 };
  assert.ok(refused('build_packet', JSON.stringify(long)).message.length < 2000);
});

test('two entries about one file, or two steps of one name, contradict each other', () => {
  const twice = (name: PacketName, list: string) => {
    const example = exampleOf(name);
    const entries = example[list] as unknown[];
    return refused(name, JSON.stringify({ ...example, [list]: [...entries, entries[0]] })).faults;
  };
  assert.equal(twice('build_packet', 'files')[0]?.pointer, '/files/2/path');
  assert.equal(twice('plan_packet', 'steps')[0]?.pointer, '/steps/2/id');
  assert.equal(twice('build_report', 'changed')[0]?.pointer, '/changed/2/path');
});

test('a verdict says nothing against itself', () => {
  const base = { summary: 'x', findings: [], required_changes: [] };
  assert.equal(read('verdict', { ...base, verdict: 'approved' }).verdict, 'approved');
  const against = [
    { ...base, verdict: 'needs_revision' },
    { ...base, verdict: 'approved', required_changes: ['mend it'] },
    { ...base, verdict: 'approved', findings: [{ severity: 'blocker', what: 'it breaks' }] },
    { ...base, verdict: 'APPROVED' },
    { ...base, verdict: ['approved', 'rejected'] },
  ];
  for (const verdict of against) refused('verdict', JSON.stringify(verdict));
});

test('rule 8: what could be read in two ways is refused', () => {
  const packet = JSON.stringify(exampleOf('verdict'));
  refused('verdict', packet.replace('{', '{"verdict":"approved",'));
  refused('verdict', packet.replace('{', '{"verd\\u0069ct":"approved",'));
  refused('verdict', packet.replace('"line":1', '"line":1e400'));
  refused('verdict', packet.replace('hello', '\\ud800'));
  refused('verdict', Buffer.concat([Buffer.from(packet.slice(0, -1)), Buffer.from([0xff]), Buffer.from('}')]));
  refused('verdict', packet.replace('{', '{"__proto__":{"verdict":"approved"},'));
});

test('rule 10: what is large or deep is refused at once', () => {
  const large = JSON.stringify({ ...exampleOf('build_report'), summary: 'x'.repeat(4 * 1024 * 1024) });
  assert.match(refused('build_report', large).message, /too large/);
  assert.match(refused('verdict', '['.repeat(40) + ']'.repeat(40)).message, /deeper than 32/);
  refused('verdict', '['.repeat(2_000_000));
  refused('verdict', `${'['.repeat(2_000_000)}${']'.repeat(2_000_000)}`);
  refused('verdict', `\`\`\`${' '.repeat(3_000_000)}x`);
  refused('verdict', '`'.repeat(3_000_000));
});

test.run();
