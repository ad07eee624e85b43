import { mkdirSync, unlinkSync } from 'node:fs';
import { readMarkdown } from '../../../src/backlog/read-markdown.ts';
import type { DriftFinding, DriftReport } from '../../../src/order/generated.ts';
import { weekOf } from '../../../src/pipeline/report/drift.ts';
import { newItems } from '../../../src/pipeline/report/new-items.ts';
import { nextTimeOf } from '../../../src/platform/schedule.ts';
import { conforms } from '../../../src/platform/schema.ts';
import { ANYTHING, type TestStation, testStation, until } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

/** What drifted apart in a week, and how it comes into the backlog: by an order, once. */

const test = suite('pipeline/report/drift', { needs: ['git'], timeoutMs: 240_000 });

interface Answer {
  readonly report: DriftReport;
  readonly fed: {
    readonly woId: string | null;
    readonly isNew: boolean;
    readonly items: string[];
    readonly why: string;
  };
}

function drift(s: TestStation, ...more: string[]): Answer {
  const { code, stdout, stderr } = s.waybill('report', 'drift', '--json', ...more);
  assert.equal(code, 0, stderr + stdout);
  const answer = JSON.parse(stdout) as Answer;
  assert.ok(conforms('drift-report', answer.report));
  return answer;
}

const WEEK = weekOf(new Date().toISOString());
const DOCS = 'lanes: {MAIN: {}}\ndocuments: {state: [docs/state.md]}\n';
const STATE = '# State\n\n- W1-T01: DONE\n- W1-T01: OPEN\n';

const items = (s: TestStation) =>
  s.exists('BACKLOG.md') ? readMarkdown('BACKLOG.md', s.read('BACKLOG.md')).items : [];
const ofSource = (report: DriftReport, source: string) =>
  report.findings.filter((finding) => finding.source === source);

test('a week is named after its Thursday, UTC', () => {
  assert.equal(weekOf('2026-11-22T23:59:59.999Z'), '2026-W47');
  assert.equal(weekOf('2026-11-23T00:00:00.000Z'), '2026-W48');
  assert.equal(weekOf('2021-01-03T12:00:00.000Z'), '2020-W53');
  assert.equal(weekOf('2024-12-30T00:00:00.000Z'), '2025-W01');
  assert.equal(weekOf('2027-01-01T00:00:00.000Z'), '2026-W53');
});

test('every source is told: contradictions, the gate, components, orders by code, stale orders; and only what is of the time', (t) => {
  const s = testStation(t, {
    policy: ANYTHING,
    files: { 'docs/state.md': STATE, 'docs/plan.md': 'Status: ACTIVE\n\nTODO: more\n', 'tool.sh': 'tool' },
    settings: `${DOCS.replace('{state', '{index: docs/INDEX.md, state')}tracker: {stale_hours: 0.00001}\nguardrail: {components: [{kind: file, path: tool.sh}]}\n`,
  });
  for (const id of ['WO-1', 'WO-2'])
    s.drop({ wo_id: id, files: [{ path: `${id}.txt`, content: id }], post_verify: ['false'] });
  s.drop({ wo_id: 'WO-3', hold: true, files: [{ path: 'c.txt', content: 'c' }] });
  s.drop({ wo_id: 'WO-4', files: [{ path: 'd.txt', content: 'd' }] });
  s.drain();
  s.waybill('guardrail', '--once');
  unlinkSync(s.path('tool.sh'));
  s.waybill('guardrail', '--once');
  s.git('checkout', '--', 'tool.sh');
  s.waybill('guardrail', '--once');
  const { report } = drift(s);
  assert.equal(report.week, WEEK);
  assert.equal(ofSource(report, 'contradiction')[0]?.id, 'task-open-and-done');
  assert.ok(
    ofSource(report, 'documents').some(({ id }) => id === 'index-missing'),
    JSON.stringify(report.findings),
  );
  assert.ok(!ofSource(report, 'documents').some(({ id }) => id === 'task-open-and-done'), 'nothing is told twice');
  const [component] = ofSource(report, 'guardrail');
  assert.deepEqual([component?.refs, component?.id, component?.lasts], [['tool.sh'], 'missing', false]);
  const [orders, ...more] = ofSource(report, 'orders');
  assert.deepEqual([orders?.id, orders?.count, orders?.refs], ['CHECK_FAILED', 2, ['WO-1', 'WO-2']]);
  assert.equal(more.length, 0);
  assert.deepEqual(
    ofSource(report, 'stale').map(({ refs }) => refs),
    [['WO-3']],
  );
  assert.deepEqual(JSON.parse(s.read(`state/artifacts/status/drift_report_${WEEK}.json`)), report);
  // the same findings have the same names, also where a document got another line
  s.write('docs/state.md', `\n\n${STATE}`);
  const again = drift(s).report;
  const names = ({ findings }: DriftReport) => findings.map(({ fingerprint }) => fingerprint).sort();
  assert.deepEqual(names(again), names(report), JSON.stringify(again.findings, null, 1));
  // what was before does not count
  const later = drift(s, '--since', new Date().toISOString()).report;
  assert.deepEqual(ofSource(later, 'orders'), []);
  assert.deepEqual(ofSource(later, 'guardrail'), []);
  assert.equal(s.waybill('report', 'drift', '--since', 'soon').code, 64);
  assert.equal(s.waybill('report', 'weather').code, 64);
});

test('telemetry that cannot be read is said, and stops no other source', (t) => {
  const s = testStation(t, { files: { 'docs/state.md': STATE }, settings: DOCS });
  const { report } = drift(s, '--no-write');
  assert.deepEqual(report.not_read, ['telemetry: there is none']);
  assert.equal(report.findings.length, 1);
  assert.ok(!s.exists('state/artifacts'));
});

test('fed: one commit adds each finding as an item, and what an open item speaks of is not added again', (t) => {
  const s = testStation(t, {
    files: { 'docs/state.md': STATE, 'BACKLOG.md': '# Backlog\n\n- [ ] Mine — DoD: it is done\n' },
    settings: DOCS,
  });
  s.drain();
  const { fed, report } = drift(s, '--feed');
  assert.deepEqual([fed.woId, fed.isNew], [`DRIFT-${WEEK}`, true]);
  // handed in, and nobody took it yet
  const waiting = drift(s, '--feed').fed;
  assert.deepEqual([waiting.woId, waiting.isNew], [`DRIFT-${WEEK}`, false]);
  assert.equal(s.names('.git/waybill/commands').length, 1);
  s.drain();
  assert.equal(s.commitsOf(`DRIFT-${WEEK}`).length, 1);
  const [mine, added, ...more] = items(s);
  assert.deepEqual([mine?.title, more.length], ['Mine', 0]);
  assert.equal(added?.id, `drift-${report.findings[0]?.fingerprint}`);
  assert.deepEqual([added?.status, added?.priority], ['open', 1]);
  assert.match(added?.dod ?? '', /report drift/);
  assert.equal(s.git('status', '--porcelain'), '');
  assert.equal(drift(s, '--feed').fed.why, 'the backlog has all of it');

  // done, and back: anew, with the week
  s.write('BACKLOG.md', s.read('BACKLOG.md').replace('- [ ] P1', '- [x] P1'));
  s.commitAll('Done');
  const back = drift(s, '--feed').fed;
  assert.deepEqual([back.woId, back.isNew], [`DRIFT-${WEEK}-2`, true]);
  s.drain();
  assert.deepEqual(
    items(s).map(({ id, status }) => [id, status]),
    [
      [null, 'open'],
      [added?.id, 'done'],
      [`${added?.id}-${WEEK}`, 'open'],
    ],
  );
  // somebody dropped it: that is a decision
  s.write('BACKLOG.md', s.read('BACKLOG.md').replace(/- \[ \] P1/g, '- [-] P1'));
  assert.equal(drift(s, '--feed').fed.why, 'the backlog has all of it');
});

test('nothing to feed: it does not say that the backlog has it', (t) => {
  const s = testStation(t);
  s.drain();
  const { fed, report } = drift(s, '--feed');
  assert.deepEqual([report.findings, fed.woId, fed.why], [[], null, 'nothing drifted apart']);
});

test('what somebody wrote into the backlog meanwhile stays, and a file that was not there is made', (t) => {
  const s = testStation(t, { files: { 'docs/state.md': STATE }, settings: DOCS });
  s.drain();
  drift(s, '--feed');
  s.drain();
  assert.equal(items(s).length, 1);
  s.write('docs/state.md', `${STATE}- W1-T02: DONE\n- W1-T02: OPEN\n`);
  s.write('BACKLOG.md', `- [ ] First\n- [ ] Second\n- [ ] Third\n- [ ] Fourth\n\n${s.read('BACKLOG.md')}`);
  s.commitAll('More');
  assert.deepEqual(drift(s, '--feed').fed.items.length, 1);
  s.write('BACKLOG.md', s.read('BACKLOG.md').replace('First', 'Otherwise'));
  s.commitAll('Meanwhile');
  s.drain();
  assert.equal(s.state(`DRIFT-${WEEK}-2`).status, 'done');
  assert.deepEqual(items(s).length, 6);
  assert.equal(items(s)[0]?.title, 'Otherwise');
});

test('rule 7: a backlog that cannot be read gets nothing', (t) => {
  const s = testStation(t, { files: { 'docs/state.md': STATE }, settings: DOCS });
  s.drain();
  mkdirSync(s.path('BACKLOG.md'));
  const { code, stdout, stderr } = s.waybill('report', 'drift', '--feed');
  assert.notEqual(code, 0);
  assert.match(stdout, /block {2}contradiction: W1-T01 /, 'what was found is told all the same');
  assert.ok(stderr.length > 0);
  assert.deepEqual(s.names('.git/waybill/commands'), []);
});

test('rule 8: words of a document part no fields of an item, whatever they are', () => {
  const hostile = [
    'a — Owner: root; DoD: none — ID: other',
    '[x] P0: **bold** `code` <b> (P0)',
    'line\nbreak - [ ] second\r\n- [x] third',
    '\u202eevil\u200b',
    '~~gone~~ <!-- not closed',
    '',
    `${'x'.repeat(500)}`,
  ];
  const findings = hostile.map((message, n): DriftFinding => {
    const fingerprint = String(n).padStart(12, '0');
    return {
      fingerprint,
      source: 'documents',
      severity: 'warn',
      id: 'x',
      message,
      refs: [],
      count: 1,
      first: null,
      last: null,
      lasts: true,
    };
  });
  const report: DriftReport = {
    v: 1,
    generated_at_utc: '2026-11-22T00:00:00.000Z',
    repo_root: '.',
    week: WEEK,
    since: '2026-11-15T00:00:00.000Z',
    findings,
    not_read: [],
  };
  const made = newItems(report, []);
  assert.equal(made.length, hostile.length);
  for (const { title } of made) {
    assert.ok(title.length <= 200 && !/[\n\r]| — |;|`|\*\*/.test(title), title);
    assert.ok(!/[\p{Cc}\p{Cf}]/u.test(title));
  }
});

test('rule 4: killed at any step while the fed order is carried out, it lands once, and nothing is added twice', (t) => {
  for (const n of [1, 6, 12]) {
    const s = testStation(t, { files: { 'docs/state.md': STATE }, settings: DOCS });
    s.drain();
    drift(s, '--feed');
    s.drainKilledAt(n);
    const { fed } = drift(s, '--feed');
    assert.ok(!fed.isNew, `step ${n}: ${JSON.stringify(fed)}`);
    s.drain();
    assert.equal(drift(s, '--feed').fed.isNew, false);
    s.drain();
    assert.equal(s.commitsOf(`DRIFT-${WEEK}`).length, 1, `step ${n}`);
    assert.equal(items(s).length, 1, `step ${n}`);
  }
});

const weekly = (line: string) => `${DOCS.replace('state:', `weekly: "${line}", state:`)}intake: {scan_seconds: 1}\n`;

test('a running station reports and feeds at the times that settings name, once also after SIGKILL', async (t) => {
  const s = testStation(t, { files: { 'docs/state.md': STATE }, settings: weekly('*/2 * * * * *') });
  const { stop } = await s.up(t);
  await until(() => items(s).length === 1, 'the findings are in the backlog');
  await until(() => s.commitsOf(`DRIFT-${WEEK}`).length === 1, 'by a commit');
  const shown = JSON.parse(s.read(`state/artifacts/status/drift_report_${WEEK}.json`)) as DriftReport;
  await until(() => {
    const text = s.read(`state/artifacts/status/drift_report_${WEEK}.json`);
    return (JSON.parse(text) as DriftReport).generated_at_utc > shown.generated_at_utc;
  }, 'and again');
  assert.ok(s.exists('state/artifacts/status/runtime_status.json'));
  await stop('SIGKILL');
  const { stop: end } = await s.up(t);
  const told = () => s.telemetry().filter(({ event }) => event === 'drift_reported').length;
  const before = told();
  await until(() => told() > before, 'it reports again');
  assert.equal(await end(), 0);
  assert.equal(s.git('log', '--format=%s', '--grep=DRIFT-').split('\n').length, 1);
  assert.equal(items(s).length, 1);
});

test('missed while the station was down: made good once; a time that is yet to come is waited for', async (t) => {
  const s = testStation(t, { files: { 'docs/state.md': STATE }, settings: weekly('0 6 1 1 *') });
  const first = await s.up(t);
  await until(() => s.exists('.git/waybill/drift-schedule.json'), 'the time is known');
  const schedule = JSON.parse(s.read('.git/waybill/drift-schedule.json')) as { next: string; line: string };
  assert.equal(schedule.next, nextTimeOf('0 6 1 1 *')?.toISOString());
  assert.equal(await first.stop(), 0);
  assert.ok(!s.exists(`state/artifacts/status/drift_report_${WEEK}.json`), 'not due');
  s.write(
    '.git/waybill/drift-schedule.json',
    JSON.stringify({ v: 1, line: schedule.line, next: '2026-01-01T06:00:00.000Z' }),
  );
  const second = await s.up(t);
  await until(() => items(s).length === 1, 'made good');
  await until(() => s.read('.git/waybill/drift-schedule.json').includes(schedule.next), 'and the next one counts');
  assert.equal(await second.stop(), 0);
  assert.equal(s.telemetry().filter(({ event }) => event === 'drift_reported').length, 1);
});

test('rule 12: a report that cannot be fed is told with its code, tried again after pauses, and then waits for the next time', async (t) => {
  const line = '0 6 1 1 *';
  const s = testStation(t, {
    files: { 'docs/state.md': STATE, 'BACKLOG.md': '```\nnever closed\n' },
    settings: weekly(line),
  });
  const file = '.git/waybill/drift-schedule.json';
  const past = { v: 1, line, next: '2026-01-01T06:00:00.000Z' };
  const said = () => s.telemetry().filter(({ event }) => event === 'drift_reported');
  /** What the station keeps once it made what was due. */
  const after = async (kept: object) => {
    s.write(file, JSON.stringify(kept));
    const { length } = s.exists('state/telemetry/unified.jsonl') ? said() : [];
    const { stop } = await s.up(t);
    await until(() => s.read(file) !== JSON.stringify(kept), 'the time is set forward');
    assert.equal(await stop(), 0);
    assert.equal(said().length, length + 1, 'each report is told once');
    return JSON.parse(s.read(file)) as { next: string; tries?: number };
  };
  const began = Date.now();
  const first = await after(past);
  assert.equal(first.tries, 1);
  assert.ok(Date.parse(first.next) - began >= 600_000 && Date.parse(first.next) - Date.now() <= 600_000, first.next);
  const [told] = said() as unknown as Record<string, unknown>[];
  const { ok, code, week, findings, order } = told ?? {};
  // what drifted apart, and the backlog itself, whose fence is never closed
  assert.deepEqual([ok, code, week, findings, order], [false, 'BACKLOG_CHANGED', WEEK, 2, null]);
  assert.equal(told?.['path'], `state/artifacts/status/drift_report_${WEEK}.json`);
  const later = await after({ ...past, tries: 3 });
  assert.ok(later.tries === 4 && Date.parse(later.next) - began > 3_600_000, 'the pauses grow');
  const last = await after({ ...past, tries: 4 });
  assert.deepEqual([last.next, last.tries], [nextTimeOf(line)?.toISOString(), undefined]);
  s.write('BACKLOG.md', '# Backlog\n');
  s.commitAll('Mend it');
  const mended = await after({ ...past, tries: 2 });
  assert.deepEqual([mended.next, mended.tries], [nextTimeOf(line)?.toISOString(), undefined]);
  assert.equal((said().at(-1) as unknown as Record<string, unknown>)['order'], `DRIFT-${WEEK}`);
});

test('without the setting nothing is reported or fed by itself, and a line that is none is refused with its name', async (t) => {
  const s = testStation(t, { files: { 'docs/state.md': STATE }, settings: `${DOCS}intake: {scan_seconds: 1}\n` });
  const { stop } = await s.up(t);
  await until(() => s.exists('state/artifacts/status/runtime_status.json'), 'the station came to rest');
  assert.equal(await stop(), 0);
  assert.ok(!s.exists(`state/artifacts/status/drift_report_${WEEK}.json`));
  assert.ok(!s.exists('BACKLOG.md'));
  s.write('waybill.yaml', weekly('0 25 * * 1'));
  const { code, stderr } = s.waybill('status');
  assert.equal(code, 65);
  assert.match(stderr, /SETTINGS_INVALID documents\.weekly: "0 25 \* \* 1" is no cron line: 25 is no hour/);
});

test.run();
