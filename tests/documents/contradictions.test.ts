import { readFileSync } from 'node:fs';
import { commitsNamed } from '../../src/documents/commits-named.ts';
import { contradictionText } from '../../src/documents/contradiction.ts';
import { type BacklogEntry, contradictionsIn, type Held } from '../../src/documents/contradictions.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('documents: contradictions');

const PLAN = readFileSync(new URL('../fixtures/documents/plan-open-and-done.md', import.meta.url), 'utf8');

function found(held: Partial<Held>): string[] {
  return contradictionsIn({
    documents: [],
    backlog: [],
    backlogTexts: [],
    claims: [],
    commits: new Map(),
    activePlan: null,
    ...held,
  }).map(contradictionText);
}

function item(
  path: string,
  line: number,
  status: BacklogEntry['status'],
  id: string | null,
  title = 'Proof',
): BacklogEntry {
  return { path, line, id, title, status };
}

const doc = (text: string, path = 'docs/STATE.md') => ({ path, text });

test('section 17: the plan that has one task both OPEN and DONE is reported, with every place, and nothing else of it', () => {
  assert.deepEqual(found({ documents: [doc(PLAN, 'docs/plan.md')] }), [
    'block: task-open-and-done: A2-T02 is OPEN in docs/plan.md:12 and DONE in docs/plan.md:3 (docs/plan.md:12, docs/plan.md:3, docs/plan.md:17, docs/plan.md:26)',
  ]);
});

test('the same input gives the same answer, and two documents are held against each other', () => {
  const documents = [doc('- T-021: done', 'a.md'), doc('- T-021: in progress', 'b.md')];
  const expected = ['block: task-open-and-done: T-021 is in progress in b.md:1 and done in a.md:1 (b.md:1, a.md:1)'];
  assert.deepEqual(found({ documents }), expected);
  assert.deepEqual(found({ documents }), expected);
});

test('what was dropped is neither open nor done, and open, blocked and in progress go together', () => {
  assert.deepEqual(found({ documents: [doc('- T-1: abandoned\n- T-1: done\n- T-2: open\n- T-2: blocked')] }), []);
});

test('a package that is done has no open task; one that was put off may stay', () => {
  const text = '## W1: Groundwork — ✅ COMPLETE\n\n- [x] W1-T01\n- [ ] W1-T02\n- W1-T03: deferred';
  assert.deepEqual(found({ documents: [doc(text)] }), [
    'block: package-done-task-open: W1 is COMPLETE in docs/STATE.md:1, and W1-T02 is open (docs/STATE.md:1, docs/STATE.md:4)',
  ]);
});

test('a backlog is held against documents, and its files against each other, by id and by title', () => {
  const documents = [doc('**Status:** T-021 DONE')];
  assert.deepEqual(found({ documents, backlog: [item('BACKLOG.md', 3, 'open', 'T-021')] }), [
    'block: backlog-against-documents: T-021 is open in BACKLOG.md:3 and DONE in docs/STATE.md:1 (BACKLOG.md:3, docs/STATE.md:1)',
  ]);
  assert.deepEqual(found({ documents, backlog: [item('BACKLOG.md', 3, 'open', null, 'T-021 Proof')] }).length, 1);
  assert.deepEqual(found({ documents, backlog: [item('BACKLOG.md', 3, 'done', 'T-021')] }), []);
  assert.deepEqual(found({ backlog: [item('BACKLOG.md', 3, 'open', 'T-1'), item('backlog.yaml', 7, 'done', 'T-1')] }), [
    'block: backlogs-apart: T-1 is open in BACKLOG.md:3 and done in backlog.yaml:7 (BACKLOG.md:3, backlog.yaml:7)',
  ]);
  const titled = [
    item('BACKLOG.md', 3, 'open', null, 'Mend the **gate**'),
    item('backlog.yaml', 7, 'done', null, 'Mend the gate'),
  ];
  assert.deepEqual(found({ backlog: titled }), [
    'block: backlogs-apart: "Mend the gate" is open in BACKLOG.md and done in backlog.yaml (BACKLOG.md:3, backlog.yaml:7)',
  ]);
  assert.deepEqual(found({ backlog: [item('BACKLOG.md', 3, 'open', null), item('BACKLOG.md', 9, 'done', null)] }), []);
});

test('section 17: an id with a year that is CLOSED in a backlog and OPEN in a document is found', () => {
  const backlog = [item('backlog.yaml', 3, 'done', 'WI-2026-001')];
  assert.deepEqual(found({ documents: [doc('- WI-2026-001: OPEN')], backlog }), [
    'block: backlog-against-documents: WI-2026-001 is OPEN in docs/STATE.md:1 and done in backlog.yaml:3 (docs/STATE.md:1, backlog.yaml:3)',
  ]);
  assert.equal(found({ documents: [doc('- WI-2026-001: OPEN\n- WI-2026-001: DONE')] }).length, 1);
});

test('a phrase that what was measured makes wrong is found, in any capitals and across lines', () => {
  const claim = { subject: 'program openclaw', phrases: ['OpenClaw is not installed'], missing: false };
  const documents = [doc('# State\n\nSadly openclaw\nis  NOT installed here.\n\n```\nOpenClaw is not installed\n```')];
  assert.deepEqual(found({ documents, claims: [{ ...claim, isThere: true }] }), [
    'block: claim-against-fact: docs/STATE.md says "OpenClaw is not installed", but program openclaw is there (docs/STATE.md:3)',
  ]);
  assert.deepEqual(found({ documents, claims: [{ ...claim, isThere: false }] }), []);
  assert.deepEqual(found({ documents, claims: [{ ...claim, isThere: null }] }), []);
  assert.deepEqual(found({ documents, claims: [{ ...claim, missing: true, isThere: false }] }).length, 1);
  const blocked = { subject: 'program openclaw', phrases: ['blocked on OpenClaw'], missing: false, isThere: true };
  assert.deepEqual(found({ documents: [doc('We are no longer blocked on OpenClaw.')], claims: [blocked] }), []);
});

test('a commit that is given as proof is in history, or named', () => {
  const documents = [doc('Done (commit 558c375), merged 23cd2143, commit 1234567, commit defaced, digest 9f86d08')];
  assert.deepEqual(commitsNamed(documents), ['558c375', '23cd2143']);
  const commits = new Map([
    ['558c375', false],
    ['23cd2143', true],
  ]);
  assert.deepEqual(found({ documents, commits }), [
    'warn: commit-not-in-history: commit 558c375 is named, and is not in the history of the branch (docs/STATE.md:1)',
  ]);
  assert.deepEqual(found({ documents, commits: new Map([['558c375', null]]) }), []);
});

test('section 17: a state document that names another plan than the register is reported', () => {
  const activePlan = { path: 'docs/plan-v2.md', ref: 'docs/register.md:7' };
  const state = (line: string) => found({ documents: [doc(line, 'docs/STATE.md')], activePlan });
  assert.deepEqual(state('**Canonical Plan Authority:** `artifacts/plans/coo.md` (see `docs/Plan_Register.md`)'), [
    'block: pointer-against-register: docs/STATE.md names artifacts/plans/coo.md as the plan that counts, and the register names docs/plan-v2.md (docs/STATE.md:1, docs/register.md:7)',
  ]);
  assert.deepEqual(state('Active plan: [v2](plan-v2.md)'), []);
  assert.deepEqual(state('The current plan is `docs/plan-v2.md`; it supersedes `docs/plan-v1.md`'), []);
  assert.deepEqual(state('There is no canonical plan authority but the register.'), []);
  const wrong = [
    '**Canonical Plan:** `docs/b.md` (supersedes `docs/plan-v2.md`)',
    '**Canonical** plan: `docs/b.md#top`',
    'The active plan is `docs/b.md`, was `docs/plan-v2.md`.',
    'The active plan is not `docs/plan-v2.md` but `docs/b.md`',
    '`docs/b.md` is the active plan, not `docs/plan-v2.md`',
    '`docs/plan-v2.md` is superseded by the active plan `docs/b.md`',
    'Active plan (supersedes the old one): `docs/b.md`',
    'Active plan: `docs/b.md` (not yet ratified)',
    'Active plan: docs/b.md',
    '- [ ] Active plan: docs/b.md',
    '[Active plan](b.md)',
    '| Active plan | docs/b.md |',
    '## Active plan\n\n- `docs/b.md`',
    '## Active plan\n\n1. [the plan](b.md)',
    '## Active plan\n\n- **Path:** docs/b.md (supersedes `docs/plan-v2.md`)',
    '## Active plan: docs/b.md',
  ];
  for (const text of wrong) {
    assert.match(
      state(text).join(),
      /^block: pointer-against-register: docs\/STATE.md names (?:docs\/)?b.md as /,
      text,
    );
    assert.deepEqual(state(text.replaceAll('plan-v2.md', 'a.md').replace('b.md', 'plan-v2.md')).length, 0, text);
  }
  const right = [
    'The former active plan was `docs/b.md`',
    'Superseded the canonical plan `docs/b.md`',
    '~~Active plan: `docs/b.md`~~',
    'The active plan was `docs/b.md` until May.',
    '`docs/b.md` was superseded by the active plan.',
    'docs/register.md names the active plan',
    '`docs/plan-v2.md` is the active plan; see also `docs/b.md`',
    '## Superseded by Active Plan\n\n- `docs/b.md`',
    '## Active plan\n\n- Update `docs/b.md`\n- `docs/b.md` (superseded)',
    '## History of the active plan\n\n- `docs/b.md`',
    '## History\n\nActive plan: `docs/b.md`',
    '- [ ] T-1 Review the active plan `docs/b.md`',
    'See https://example.com/active plan/b.md',
  ];
  for (const text of right) assert.deepEqual(state(text), [], text);
  assert.deepEqual(found({ documents: [doc('Active plan: `docs/b.md`', 'docs/register.md')], activePlan }), []);
  assert.equal(found({ backlogTexts: [doc('Active plan: docs/b.md', 'BACKLOG.md')], activePlan }).length, 1);
  const self = (path: string) => found({ documents: [doc('# Plan v1 (Superseding, Canonical)', path)], activePlan });
  assert.equal(self('docs/plan-v1.md').length, 1);
  assert.deepEqual(self('docs/plan-v2.md'), []);
});

test.run();
