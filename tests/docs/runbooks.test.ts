import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FaultKind } from '../../src/guardrail/finding.ts';
import type { GuardrailLook } from '../../src/order/generated.ts';
import { conform } from '../../src/platform/schema.ts';
import { parseSettings } from '../../src/station/settings.ts';
import { BREAKAGES, type Breakage } from '../support/breakages.ts';
import { BrokenStation, stationTemplate } from '../support/broken-station.ts';
import { type Block, RUNBOOKS, type Runbook, runbooks, wordsOf } from '../support/runbook.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

/**
 * Every page of docs/runbooks is carried out as it is written, on a station that was broken in the way that the page is about. What cannot be
 * here has the nearest real thing in its place; support/breakages.ts says which.
 */

const test = suite('docs/runbooks', { timeoutMs: 280_000 });

const books = runbooks();

/** Every kind there is: the compiler tells of one that is new. */
const KINDS: Readonly<Record<FaultKind, true>> = {
  missing: true,
  not_executable: true,
  truncated: true,
  altered: true,
  moved_back: true,
  not_a_file: true,
  too_few: true,
  not_alive: true,
  not_running: true,
  not_found: true,
  low_disk: true,
  waits_long: true,
  broken: true,
  too_old: true,
  unreadable: true,
  check_failed: true,
};

/** So many stations are broken at once: most of the time is spent waiting for a process to start. */
const BESIDE = 3;

type Run = () => Promise<string[]>;
const waiting: { run: Run; settle: (end: Promise<string[]>) => void }[] = [];
const seen = new Map<string, Promise<string[]>[]>();
let template = '';

for (const book of books)
  for (const [title, breakages] of Object.entries(BREAKAGES[book.name] ?? {}))
    for (const breakage of breakages) {
      let settle: (end: Promise<string[]>) => void = () => {};
      let settled = Promise.resolve([] as string[]);
      const end = new Promise<void>((done) => {
        settle = (one) => {
          settled = one;
          one.catch(() => {});
          done();
        };
      }).then(() => settled);
      end.catch(() => {});
      seen.set(book.name, [...(seen.get(book.name) ?? []), end]);
      waiting.push({ run: () => carryOut(book, title, breakage), settle });
      test(`${book.name}: ${title === '' ? '' : `${title}: `}${breakage.how}`, async () => void (await end));
    }

let context: TestContext | null = null;

test.before((t) => {
  context = t;
  template = stationTemplate(t);
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const end = next.run();
      next.settle(end);
      await end.catch(() => {});
    }
  };
  for (let n = 0; n < BESIDE; n++) void worker();
});

test('every page has something that breaks a station for each of its cases, and the other way round', () => {
  assert.deepEqual(Object.keys(BREAKAGES).sort(), books.map(({ name }) => name).sort());
  for (const { name, mends } of books) assert.deepEqual(Object.keys(BREAKAGES[name] ?? {}), [...mends.keys()], name);
  const contents = readFileSync(join(RUNBOOKS, 'README.md'), 'utf8');
  for (const { name } of books) assert.ok(contents.includes(`](${name}.md)`), `README.md leads to ${name}.md`);
});

test('every kind of fault has a page', () => {
  const broken = new Set(
    Object.values(BREAKAGES).flatMap((cases) =>
      Object.values(cases)
        .flat()
        .map((b) => b.kind),
    ),
  );
  assert.deepEqual(
    Object.keys(KINDS).filter((kind) => !broken.has(kind as FaultKind)),
    [],
  );
  const contents = readFileSync(join(RUNBOOKS, 'README.md'), 'utf8');
  for (const kind of Object.keys(KINDS)) assert.ok(contents.includes(`\`${kind}\``), `README.md names ${kind}`);
});

test('every component that guardrail.md shows can be read, and each kind is shown', () => {
  const text = readFileSync(join(RUNBOOKS, '../guardrail.md'), 'utf8');
  const shown = [...text.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].flatMap(
    ([, yaml = '']) => parseSettings(Buffer.from(yaml)).guardrail.components,
  );
  const kinds = shown.map((one) => conform('component', one, 'SETTINGS_INVALID').kind);
  const all = ['backup', 'disk', 'file', 'folder', 'glob', 'ledger', 'processor', 'program', 'service', 'waiting'];
  assert.deepEqual([...new Set(kinds)].sort(), all);
});

test('every alert that a page shows is one that was seen', async () => {
  for (const { name, alerts } of books) {
    const told = new Set((await Promise.all(seen.get(name) ?? [])).flat());
    for (const alert of alerts) assert.ok(told.has(wordsOf(alert)), `${name}: ${alert}\nseen: ${[...told].join('\n')}`);
  }
});

test.run();

/** Breaks a station, sees that the guardrail says what the page says, does what the page says. Returns the words of the alerts. */
async function carryOut(book: Runbook, title: string, breakage: Breakage): Promise<string[]> {
  if (context === null) throw new Error('there is no template');
  const s = new BrokenStation(template, context.tempDir());
  try {
    await breakage.break(s);
    const options = breakage.looks ?? '--once';
    const looked = await s.sh(`waybill guardrail ${options} --json`);
    assert.equal(looked.code, 1, `the guardrail finds it\n${looked.said}`);
    const { faults } = JSON.parse(looked.stdout) as { faults: GuardrailLook['faults'] };
    const kinds = faults.map(({ kind }) => kind);
    assert.ok(kinds.includes(breakage.kind), `${breakage.kind}: ${JSON.stringify(faults, null, 2)}`);
    const told = s
      .alerts()
      .map((line) => wordsOf(line.replaceAll(s.root, '/home/anna/ops').replaceAll(s.home, '/home/anna')));
    const shown = book.alerts.map((line) => wordsOf(line));
    assert.ok(
      told.some((line) => shown.includes(line)),
      `${told.join('\n')}\nis not what the page shows:\n${shown.join('\n')}`,
    );

    for (const block of [...book.findOut, ...(book.mends.get(title) ?? [])]) await paste(s, block);
    for (const block of book.check) await paste(s, block);
    const after = s.look();
    assert.ok(after.at > (faults[0]?.since ?? ''), 'Check has the guardrail look again');
    assert.deepEqual(
      after.faults.filter(({ kind }) => kind === breakage.kind),
      [],
    );
    return told;
  } finally {
    s.end();
  }
}

async function paste(s: BrokenStation, { text, exits }: Block): Promise<void> {
  const { code, said } = await s.sh(text);
  assert.equal(code, exits, `$ ${text}${said}`);
}
