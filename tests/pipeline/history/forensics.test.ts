import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { ForensicsDocument, LessonDocument } from '../../../src/order/generated.ts';
import { conforms } from '../../../src/platform/schema.ts';
import type { TestStation } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';
import { between, COMPONENT, historyOf, scan, withComponent } from '../../support/vanishing.ts';

/** Seed 003, phase 1: what happened between 01:50 and 22:43, in a report and a lesson. */

const test = suite('forensics', { needs: ['git'] });

interface Said {
  readonly report: ForensicsDocument;
  readonly files: { readonly json: string; readonly markdown: string };
  readonly lesson: LessonDocument;
}

function forensics(s: TestStation, ...args: string[]): Said {
  const { code, stdout, stderr } = s.waybill('forensics', '--json', ...args);
  assert.equal(code, 0, stderr);
  const said = JSON.parse(stdout) as Said;
  assert.ok(conforms('forensics', JSON.parse(s.read(said.files.json))), 'the file conforms to its schema');
  assert.ok(conforms('lesson', said.lesson));
  assert.match(s.read(said.files.markdown), /^# Forensic report\n/);
  return said;
}

test("the seed's case: agents vanish in a time in which HEAD was reset and services began to fail", async (t) => {
  const s = withComponent(t);
  mkdirSync(s.path('logs'));
  s.write('tools/rollback_phase6.zsh', '#!/bin/zsh\n# agents/wo_executor\nrm -rf agents/wo_executor\n');
  s.write('tools/rollback_other.zsh', '#!/bin/zsh\nrm -rf elsewhere/things\n');
  const since = new Date(Date.now() - 60_000).toISOString();
  await between(s, () => s.git('reset', '--quiet', '--hard', 'HEAD~1'));
  s.write('logs/wo_executor.err', `${new Date().toISOString()} last exit code 127: ${COMPONENT}\n`);
  const { report, files, lesson } = forensics(s, '--since', since, '--component', COMPONENT);
  assert.match(report.time_window, new RegExp(`^${since} - `));
  const { findings } = report;
  assert.ok(
    findings.git_events.some((line) => /reset: moving to HEAD~1 \(Anna, HEAD@\{0\}\), deleted \d+ files/.test(line)),
  );
  assert.equal(findings.rollback_scripts.length, 1, JSON.stringify(findings.rollback_scripts));
  assert.match(
    findings.rollback_scripts[0] ?? '',
    /tools\/rollback_phase6\.zsh names .* line 3: rm -rf .*no log says that it ran/,
  );
  assert.match(findings.launchagent_failures.join('\n'), /exit code 127/);
  assert.match(findings.likely_cause, /was working at .*, vanished between .*, because .* a reset moved HEAD/);
  assert.deepEqual([findings.confidence, report.recommendation], ['certain', 'restore']);
  assert.equal(lesson.type, 'pattern');
  assert.deepEqual(lesson.links, [files.json]);
  assert.ok(lesson.tags.includes(COMPONENT));
  assert.ok(historyOf(s).lessons.includes(lesson.title), 'history reads it');
  const again = forensics(s, '--since', since, '--component', COMPONENT);
  assert.equal(again.lesson.id, lesson.id, 'the same cause is one lesson');
  assert.equal(s.git('status', '--porcelain', '--', 'state'), '', 'git status does not show ours');
});

test('without a component it looks at what is gone and was missed, and stops where a cause is certain', async (t) => {
  const s = withComponent(t);
  await between(s, () => s.git('reset', '--quiet', '--hard', 'HEAD~1'));
  const { report } = forensics(s);
  assert.equal(report.components[0], COMPONENT);
  assert.equal(report.findings.confidence, 'certain');
  assert.match(report.not_finished.join('\n'), /json_wo\.zsh.*: a certain cause was found before/);
});

test('a rollback script that ran is told with when', async (t) => {
  const s = withComponent(t);
  s.write('tools/rollback_phase6.zsh', '#!/bin/zsh\nrm -rf agents/wo_executor\n');
  const at = await between(s, () => {
    rmSync(s.path('agents/wo_executor'), { recursive: true });
    s.write('logs/rollback_phase6.log', `${new Date().toISOString()} rm -rf agents/wo_executor\n`);
  });
  const { report } = forensics(s, '--component', COMPONENT);
  assert.match(report.findings.rollback_scripts[0] ?? '', /it ran at .* \(logs\/rollback_phase6\.log\)/);
  assert.deepEqual([report.findings.confidence, report.recommendation], ['likely', 'restore']);
  assert.ok(report.findings.likely_cause.includes(at.t1));
});

test('no time: what was not looked at is named, and nothing is guessed', (t) => {
  const s = withComponent(t);
  rmSync(s.path(COMPONENT));
  const { report } = forensics(s, '--component', COMPONENT, '--budget', '1ms');
  assert.match(report.not_finished.join('\n'), new RegExp(`${COMPONENT}: no time was left`));
  assert.equal(report.findings.confidence, 'unknown');
});

test('a station in order: nothing to do', (t) => {
  const s = withComponent(t);
  scan(s, null);
  const { report } = forensics(s);
  assert.deepEqual([report.components, report.recommendation], [[], 'none']);
});

test('in the tree of seed 003 reports and lessons stand where its people look, beside theirs', (t) => {
  const s = withComponent(t);
  writeFileSync(
    s.path('waybill.yaml'),
    `${readFileSync(s.path('waybill.yaml'), 'utf8')}\npaths: {reports: g/reports, lessons: g/lessons}\n`,
  );
  s.write('g/reports/by_hand.md', 'ours\n');
  s.commitAll('A report by hand');
  s.drain();
  const { files } = forensics(s, '--component', COMPONENT);
  assert.match(files.json, /^g\/reports\/forensic_agents_wo_executor_wo_executor\.zsh_\d{8}T\d{6}Z\.json$/);
  assert.equal(s.git('status', '--porcelain'), '');
  s.drop({ wo_id: 'WO-R', title: 'Report', files: [{ path: 'g/reports/deployment.md', content: 'done\n' }] });
  s.drain();
  assert.equal(s.state('WO-R').status, 'done', 'orders may still write reports there');
});

test('what is no time is refused with how to write one', (t) => {
  const s = withComponent(t);
  for (const args of [
    ['--since', 'yesterday'],
    ['--budget', '0s'],
    ['--since', '2030-01-01'],
  ])
    assert.equal(s.waybill('forensics', ...args).code, 64, args.join(' '));
});

test('lessons: added, found by all their words, and one that does not read is told', (t) => {
  const s = withComponent(t);
  const add = (...args: string[]) => s.waybill('lessons', 'add', ...args);
  assert.equal(
    add(
      '--type',
      'pattern',
      '--title',
      'A reset takes agents',
      '--context',
      'Twice.',
      '--tag',
      'git',
      '--tag',
      'agents',
      '--link',
      'WO-1',
    ).code,
    0,
  );
  assert.equal(add('--type', 'rule', '--title', 'Snapshot first').code, 0);
  assert.equal(add('--type', 'guess', '--title', 'x').code, 64);
  assert.equal(add('--type', 'rule').code, 64);
  assert.equal(add('--type', 'rule', '--title', 'x'.repeat(201)).code, 64);
  s.write('state/lessons/lesson-broken.json', '{');
  const search = (...words: string[]) => s.waybill('lessons', 'search', ...words);
  assert.match(
    search('RESET', 'git').stdout,
    /^\d{4}-\d\d-\d\d pattern A reset takes agents\n {2}Twice\.\n {2}tags: git, agents\n {2}links: WO-1\n$/,
  );
  assert.match(search('reset').stderr, /lesson-broken\.json is no lesson/);
  assert.match(search('reset', 'snapshot').stdout, /No lesson has these words/);
  const all = JSON.parse(s.waybill('lessons', 'search', '--json').stdout) as { lessons: { title: string }[] };
  assert.deepEqual(
    all.lessons.map(({ title }) => title),
    ['Snapshot first', 'A reset takes agents'],
  );
});

test.run();
