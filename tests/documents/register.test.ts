import { readRegister } from '../../src/documents/read-register.ts';
import { activePlanOf, registerFaults } from '../../src/documents/register.ts';
import { WaybillError } from '../../src/order/error.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('documents: register of plans');

const read = (text: string, path = 'docs/register.yaml') => readRegister(path, Buffer.from(text, 'utf8'));

function faults(text: string, there: readonly string[] | null = null, path = 'docs/register.yaml'): string[] {
  return registerFaults(read(text, path), (target) => there === null || there.includes(target)).map(
    ({ id, message, refs }) => `${id}: ${message} (${refs.join(', ')})`,
  );
}

const GOOD = `plans:
  - path: docs/v3.md
    status: draft
  - path: docs/v2.md
    status: active
    supersedes: [docs/v1.md]
  - {path: docs/v1.md, status: superseded, superseded_by: docs/v2.md}
`;

test('section 17: a good register has exactly one active plan, and nothing is wrong with it', () => {
  assert.deepEqual(faults(GOOD, ['docs/v1.md', 'docs/v2.md', 'docs/v3.md']), []);
  assert.deepEqual(activePlanOf(read(GOOD)), { path: 'docs/v2.md', ref: 'docs/register.yaml:4' });
});

test('section 17: two active plans, and none, are faults with their lines', () => {
  const two = 'plans:\n  - {path: a.md, status: active}\n  - {path: b.md, status: active}\n';
  assert.deepEqual(faults(two), [
    'register-several-active-plans: 2 plans are active: a.md, b.md (docs/register.yaml:2, docs/register.yaml:3)',
  ]);
  assert.equal(activePlanOf(read(two)), null);
  assert.deepEqual(faults('plans:\n  - {path: a.md, status: draft}\n'), [
    'register-no-active-plan: no plan is active (docs/register.yaml:1)',
  ]);
  assert.deepEqual(faults('plans: []\n').length, 1);
});

test('section 17: a circle is a fault, of two plans, of itself, and over paths that have no row', () => {
  const circles = [
    'plans:\n  - {path: a.md, status: active}\n  - {path: b.md, status: superseded, supersedes: [c.md]}\n  - {path: c.md, status: superseded, supersedes: [b.md]}\n',
    'plans:\n  - {path: a.md, status: active}\n  - {path: b.md, status: superseded, supersedes: [b.md]}\n',
    'plans:\n  - {path: a.md, status: active}\n  - {path: b.md, status: superseded, supersedes: [x.md], superseded_by: x.md}\n',
  ];
  for (const text of circles) {
    const found = faults(text).filter((fault) => fault.startsWith('register-circle'));
    assert.equal(found.length, 1, text);
  }
  assert.deepEqual(
    faults(circles[0] ?? '').filter((f) => f.startsWith('register-circle')),
    ['register-circle: c.md -> b.md -> c.md go round (docs/register.yaml:3, docs/register.yaml:4)'],
  );
});

test('section 17: a target that is not there is a fault, in a row of its own and below another one', () => {
  assert.deepEqual(faults(GOOD, ['docs/v2.md', 'docs/v3.md']), [
    'register-target-missing: docs/v1.md is not there (docs/register.yaml:7)',
  ]);
  assert.deepEqual(faults('plans:\n  - {path: a.md, status: active, supersedes: [old.md]}\n', ['a.md']), [
    'register-target-missing: old.md is not there (docs/register.yaml:2)',
  ]);
  const unknown = registerFaults(read('plans:\n  - {path: a.md, status: active}\n'), () => null);
  assert.deepEqual(
    unknown.map(({ message }) => message),
    ['a.md cannot be looked at'],
  );
});

test('an active plan that another one supersedes, a plan that stands there twice, and two that differ are faults', () => {
  const row = (more: string) => `plans:\n  - {path: a.md, status: active}\n${more}`;
  assert.deepEqual(faults(row('  - {path: b.md, status: draft, supersedes: [a.md]}\n')), [
    'register-active-superseded: a.md is active, and b.md supersedes it (docs/register.yaml:3)',
  ]);
  assert.deepEqual(faults('plans:\n  - {path: a.md, status: active, superseded_by: b.md}\n'), [
    'register-active-superseded: a.md is active, and superseded by b.md (docs/register.yaml:2)',
  ]);
  assert.deepEqual(faults(row('  - {path: a.md, status: draft}\n')), [
    'register-plan-twice: a.md stands there twice (docs/register.yaml:2, docs/register.yaml:3)',
  ]);
  const apart =
    'plans:\n  - {path: a.md, status: active, supersedes: [b.md]}\n  - {path: b.md, status: superseded, superseded_by: c.md}\n  - {path: c.md, status: superseded}\n';
  assert.deepEqual(faults(apart), [
    'register-apart: a.md supersedes b.md, which is superseded by c.md (docs/register.yaml:2, docs/register.yaml:3)',
  ]);
});

test('rule 10: YAML that is no register is refused with code, file and line', () => {
  const refusals: [string, number][] = [
    ['plans:\n  - {path: a.md, status: done}\n', 2],
    ['plans:\n  - {path: a.md, status: active}\n    x: [\n', 3],
    ['plan: []\n', 1],
  ];
  for (const [text, line] of refusals) {
    try {
      read(text);
      assert.fail(text);
    } catch (error) {
      assert.ok(error instanceof WaybillError, String(error));
      assert.equal(error.code, 'REGISTER_INVALID');
      assert.equal(error.place.file, 'docs/register.yaml');
      assert.equal(error.place.line, line, text);
    }
  }
});

const MARKDOWN = `# Plan Supersession Register

**Last Updated:** 2026-02-26

## Active Canonical Plan

- \`docs/plan v2.md\` (promoted 2026-02-26; supersedes \`docs/plan-v1.md\`)

## Superseded by Active Plan

- \`docs/plan-v1.md\` (superseded 2026-02-26)
- [older](../artifacts/plan%20v0.md)

## Notes

1. \`docs/other.md\` is no plan.
`;

test('a register in Markdown, as seed 000 asks for it, is read with its lines', () => {
  const path = 'docs/Plan_Supersession_Register.md';
  const register = read(MARKDOWN, path);
  assert.deepEqual(
    register.plans.map(({ path: plan, status, supersededBy, line }) => [plan, status, supersededBy, line]),
    [
      ['docs/plan v2.md', 'active', null, 7],
      ['docs/plan-v1.md', 'superseded', 'docs/plan v2.md', 11],
      ['artifacts/plan v0.md', 'superseded', 'docs/plan v2.md', 12],
    ],
  );
  assert.deepEqual(faults(MARKDOWN, ['docs/plan v2.md', 'docs/plan-v1.md', 'artifacts/plan v0.md'], path), []);
});

test('section 17: a second active plan in Markdown is found in whatever form it stands there', () => {
  const ACTIVE = '## Active Canonical Plan\n\n';
  const second = [
    '- `docs/a.md` and `docs/b.md`',
    '- `docs/a.md` (supersedes `docs/v1.md`) and `docs/b.md`',
    '- `docs/a.md`\n  - `docs/b.md`',
    '- `docs/a.md`\n\n### Also\n\n- `docs/b.md`',
    '- `docs/a.md`\n\n### `docs/b.md`',
    '- `docs/a.md`\n\n| Plan | Date |\n|---|---|\n| `docs/b.md` | 2026-02-26 |',
    '- `docs/a.md`\n\n`docs/b.md` is also active.',
    '- [a](a.md)\n- [b](b.md#top)',
  ];
  for (const text of second) {
    const [several] = faults(ACTIVE + text, null, 'docs/r.md').filter((f) => f.startsWith('register-several'));
    assert.match(several ?? '', /2 plans are active: docs\/a\.md, docs\/b\.md/, text);
  }
  const unread: [string, string][] = [
    ['docs/b.md is active too', 'docs/b.md stands there without backticks (r.md:5)'],
    ['Supersedes `docs/v1.md`.', 'docs/v1.md: of which plan is this said? (r.md:5)'],
    ['```\n- `docs/b.md`', 'code begins and never ends (r.md:5)'],
    ['<!--\n- `docs/b.md`', 'a comment begins and never ends (r.md:5)'],
  ];
  for (const [text, why] of unread)
    assert.deepEqual(
      faults(`${ACTIVE}- \`a.md\`\n\n${text}\n`.replace('\n\n\n', '\n\n'), null, 'r.md'),
      [`register-unread: ${why}`],
      text,
    );
});

test('section 17: every path below Superseded is looked at, and words before a path say whose it is', () => {
  const of = (text: string) => `## Active Plan\n\n- \`a.md\`\n\n## Superseded\n\n${text}\n`;
  for (const text of ['- `b.md`, `gone.md`', '| `b.md` | `gone.md` |', '- `b.md`\n  - `gone.md`', 'Also `gone.md`.'])
    assert.match(faults(of(text), ['a.md', 'b.md'], 'r.md').join(), /gone\.md is not there/, text);
  const successors: [string, string][] = [
    ['- `b.md` (superseded by `c.md#x`)', 'c.md'],
    ['- `b.md`\n  - superseded 2026-02-26 by [c](c.md#x)', 'c.md'],
    ['- `b.md` (commit `558c375`; superseded by\n  `c.md`)', 'c.md'],
    ['- `b.md` (W5, `W5-T02`), replaced by `c.md`', 'c.md'],
    ['| Plan | Superseded by |\n|---|---|\n| `b.md` | `c.md` |', 'c.md'],
    ['### Superseded by `c.md`\n\n- `b.md`', 'c.md'],
  ];
  for (const [text, successor] of successors) {
    assert.deepEqual(
      read(of(text), 'r.md').plans.map(({ path, status, supersededBy }) => [path, status, supersededBy]),
      [
        ['a.md', 'active', null],
        ['b.md', 'superseded', successor],
      ],
      text,
    );
    assert.deepEqual(faults(of(text), ['a.md', 'b.md', 'c.md'], 'r.md'), [], text);
  }
  assert.match(
    faults(of('- `b.md` (superseded by `c.md` and `d.md`)'), null, 'r.md').join(),
    /register-unread: b\.md is superseded by c\.md and d\.md/,
  );
});

test('an item of a register in Markdown that names no plan is told, never left out', () => {
  const text = '## Active Canonical Plan\n\n- the second plan\n- `a.md`\n- `b.md`\n';
  assert.deepEqual(faults(text, null, 'r.md'), [
    'register-unread: names no plan: the second plan (r.md:3)',
    'register-several-active-plans: 2 plans are active: a.md, b.md (r.md:4, r.md:5)',
  ]);
  assert.deepEqual(faults('# Nothing\n', null, 'r.md'), ['register-no-active-plan: no plan is active (r.md:1)']);
});

test.run();
