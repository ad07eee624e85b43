import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { TelemetryLine } from '../../../src/order/generated.ts';
import { guarded, guardedStation, guardrailOf, guardrailYaml } from '../../support/guarded.ts';
import { CLI } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

/** One look: what it finds of what the station keeps, and how it is told, in the words of seed 003. */

const test = suite('pipeline/guardrail/look', { needs: ['git'], timeoutMs: 120_000 });

const TOOL = 'agents/wo_executor/wo_executor.zsh';
const SEED = {
  components: [`{kind: file, path: ${TOOL}}`, '{kind: folder, path: g/followup/state}'],
  files: { [TOOL]: '#!/usr/bin/env zsh\n', 'g/followup/state/.keep': '' },
};

test('seed 003: alerts on change, drift once a component at each look, a heartbeat when nothing is wrong', async (t) => {
  const s = guardedStation(t, SEED);
  s.git('update-index', '--chmod=+x', TOOL);
  s.git('checkout-index', '--force', TOOL);
  s.git('commit', '--quiet', '-m', 'It runs');
  const g = await guardrailOf(t, s);
  await g.look();
  assert.deepEqual(
    g.lines.map(({ agent, event, ok }) => [agent, event, ok]),
    [['guardrail', 'wo_pipeline_healthy', true]],
  );
  renameSync(s.path(TOOL), s.path(`${TOOL}.backup`));
  rmSync(s.path('g/followup/state'), { recursive: true });
  await g.look();
  await g.look();
  const stamp = String.raw`^\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\] `;
  const [file, folder, ...none] = g.alerts();
  assert.deepEqual(none, [], 'a fault that lasts is not told again');
  assert.match(g.alerts().join('\n'), new RegExp(`${stamp}ALERT: Missing directory: g/followup/state$`, 'm'));
  assert.match(g.alerts().join('\n'), new RegExp(`${stamp}ALERT: Missing or not executable: ${TOOL}$`, 'm'));
  assert.ok(file !== undefined && folder !== undefined);
  const drift = g.lines.filter((line) => line.event === 'wo_pipeline_drift');
  assert.deepEqual(drift.map((line) => line['missing']).sort(), [TOOL, TOOL, 'g/followup/state', 'g/followup/state']);
  assert.ok(drift.every(({ ok, agent, ts }) => !ok && agent === 'guardrail' && ts.endsWith('Z')));
  assert.equal(g.told('wo_pipeline_healthy').length, 1);
  renameSync(s.path(`${TOOL}.backup`), s.path(TOOL));
  mkdirSync(s.path('g/followup/state'));
  await g.look();
  assert.deepEqual(g.told('wo_pipeline_recovered').sort(), [TOOL, 'g/followup/state']);
  assert.match(g.alerts().at(-1) ?? '', /\] RECOVERED: .* after \d+s$/);
  await g.look();
  assert.equal(g.told('wo_pipeline_healthy').length, 3, 'the look that finds it well again is one');
});

test('the words for faults that the seed has not', async (t) => {
  const g = await guarded(t, {
    components: [
      '{kind: file, path: a.txt}',
      '{kind: program, name: no-such-program}',
      '{kind: disk, min_free_mb: 1.0e12}',
      '{kind: nothing}',
    ],
    files: { 'a.txt': 'abc\n' },
  });
  g.s.write('a.txt', '');
  await g.look();
  const alerts = g.alerts().map((line) => line.replace(/^\[[^\]]*\] /, ''));
  const starts = [
    'ALERT: Truncated: a.txt: is empty',
    'ALERT: Program not found: program:no-such-program: ',
    'ALERT: Disk nearly full: disk:.: ',
    'ALERT: Not readable: waybill.yaml guardrail.components.3: ',
  ];
  for (const start of starts)
    assert.ok(
      alerts.some((line) => line.startsWith(start)),
      `${start} in ${alerts.join('\n')}`,
    );
  assert.equal(alerts.length, 4);
});

for (const [what, harm] of [
  ['deleted', (path: string) => rmSync(path)],
  ['emptied', (path: string) => writeFileSync(path, '')],
  ['broken', (path: string) => writeFileSync(path, 'guardrail: [\n')],
  ['wrong', (path: string) => writeFileSync(path, 'guardrail: {components: 7}\n')],
] as const)
  test(`rule 7: waybill.yaml ${what}: it is at fault, and components stay looked after`, async (t) => {
    const s = guardedStation(t, SEED);
    await (await guardrailOf(t, s)).look();
    const before = s.read('waybill.yaml');
    harm(s.path('waybill.yaml'));
    rmSync(s.path(TOOL));
    // a guardrail that begins only now must find its components too
    const g = await guardrailOf(t, s);
    const faults = await g.faults();
    assert.ok(faults.includes(`${TOOL} missing`), faults.join());
    assert.ok(faults.includes('waybill.yaml unreadable'), faults.join());
    assert.deepEqual(await g.faults(), faults);
    s.write('waybill.yaml', before);
    assert.deepEqual(await g.faults(), [`${TOOL} missing`]);
    assert.equal(g.alerts().filter((line) => line.includes('ALERT')).length, 2, g.alerts().join('\n'));
  });

test('waybill.yaml that is gone is told as a file that is missing where it is a component', async (t) => {
  const g = await guarded(t, { ...SEED, guardrail: ['defaults: true'] });
  await g.look();
  rmSync(g.s.path('waybill.yaml'));
  assert.deepEqual(await g.faults(), ['waybill.yaml missing']);
  assert.deepEqual(await g.faults(), ['waybill.yaml missing']);
  assert.equal(g.alerts().filter((line) => line.includes('waybill.yaml')).length, 1);
});

test('rule 2: settings that are being written are not acted on', async (t) => {
  const g = await guarded(t, SEED);
  await g.look();
  const whole = g.s.read('waybill.yaml');
  rmSync(g.s.path(TOOL));
  await g.look();
  g.s.write('waybill.yaml', 'lanes: {MAIN: {}}\n');
  setTimeout(() => g.s.write('waybill.yaml', whole), 150);
  assert.deepEqual(await g.faults(), [`${TOOL} missing`]);
  assert.ok(!g.alerts().some((line) => /RECOVERED|NO LONGER/.test(line)));
});

test('a component that settings do not name any more is told, not taken for well', async (t) => {
  const g = await guarded(t, SEED);
  rmSync(g.s.path(TOOL));
  await g.look();
  g.s.write('waybill.yaml', guardrailYaml({}));
  assert.deepEqual(await g.faults(), []);
  assert.match(g.alerts().at(-1) ?? '', new RegExp(`NO LONGER LOOKED AFTER: ${TOOL}, at fault since 20`));
  assert.deepEqual(g.told('wo_pipeline_recovered'), []);
});

test('the ledger: a line that was edited, and a tail that was cut off', async (t) => {
  const s = guardedStation(t, { components: ['{kind: ledger}'] });
  s.drop({ wo_id: 'WO-1', title: 'x', files: [{ path: 'a.txt', content: 'a\n' }] });
  s.drain();
  const g = await guardrailOf(t, s);
  assert.deepEqual(await g.faults(), []);
  s.drop({ wo_id: 'WO-2', title: 'x', files: [{ path: 'b.txt', content: 'b\n' }] });
  s.drain();
  const path = `.git/waybill/ledger/${s.names('.git/waybill/ledger')[0]}`;
  const whole = s.read(path);
  s.write(path, whole.replace('"wo_id":"WO-2"', '"wo_id":"WO-3"'));
  assert.equal((await g.fault('ledger'))?.kind, 'broken');
  s.write(path, whole);
  assert.deepEqual(await g.faults(), []);
  const lines = whole.trimEnd().split('\n');
  s.write(path, `${lines.slice(0, -2).join('\n')}\n`);
  assert.match((await g.fault('ledger'))?.message ?? '', /^it ends at record \d+, and record \d+ was there$/);
  assert.match(g.alerts().at(-1) ?? '', /ALERT: Broken: ledger: it ends at record/);
});

test('a drop and an order that wait too long, and a backup that is old', async (t) => {
  const s = guardedStation(t, {
    components: ['{kind: waiting, max_hours: 0.00001}', '{kind: backup, max_age_hours: 0.00001}'],
    settings: 'backup: {to: ../ops.bundle}\n',
  });
  const g = await guardrailOf(t, s);
  assert.match((await g.fault('backup'))?.message ?? '', /no backup yet/);
  s.drop({ wo_id: 'WO-1', title: 'x', depends_on: ['WO-0'], files: [{ path: 'a.txt', content: 'a\n' }] });
  await new Promise((done) => setTimeout(done, 60));
  assert.match((await g.fault('waiting'))?.message ?? '', /MAIN\/WO-1\.json has waited/);
  s.drain();
  assert.match((await g.fault('waiting'))?.message ?? '', /WO-1 \(dependency\) has waited/);
  await new Promise((done) => setTimeout(done, 60));
  assert.match((await g.fault('backup'))?.message ?? '', /the last backup is \d+s old/);
});

test('a canary that failed is one reading: the next look neither keeps it nor calls it well', async (t) => {
  const g = await guarded(t, SEED);
  const { tryCanary } = await import('../../../src/pipeline/guardrail/canary.ts');
  const { openGuarded } = await import('../../../src/pipeline/guardrail/open.ts');
  const found = await tryCanary(await openGuarded(g.s.root), 1000);
  assert.equal(found?.message, 'no station process runs that would take it');
  assert.deepEqual(await g.faults({ deep: true, more: found === null ? [] : [found] }), ['canary not_alive']);
  assert.deepEqual(await g.faults({ glance: true }), ['canary not_alive']);
  assert.deepEqual(await g.faults(), []);
  assert.equal(g.alerts().length, 1);
});

test('a glance tells what is new at once, says nothing else again, and leaves the rest as it was', async (t) => {
  const g = await guarded(t, { ...SEED, components: [...SEED.components, '{kind: program, name: no-such-program}'] });
  await g.look();
  const { at } = g.guardrail.last ?? {};
  g.lines.splice(0);
  rmSync(g.s.path(TOOL));
  assert.deepEqual((await g.faults({ glance: true })).sort(), [`${TOOL} missing`, 'program:no-such-program not_found']);
  assert.deepEqual(g.told('wo_pipeline_drift'), [TOOL]);
  assert.equal(g.guardrail.last?.at, at, 'it is no heartbeat');
  await g.look({ glance: true });
  assert.deepEqual(g.told('wo_pipeline_drift'), [TOOL]);
});

test('telemetry and alerts that cannot be written stop no look, and an alert is told when what remembers it cannot', async (t) => {
  const g = await guarded(t, SEED);
  await g.look();
  rmSync(g.s.path('.git/waybill/guardrail/look.json'));
  mkdirSync(g.s.path('.git/waybill/guardrail/look.json/x'), { recursive: true });
  rmSync(g.s.path(TOOL));
  await assert.rejects(g.look());
  assert.match(g.alerts().join('\n'), /Missing or not executable/);
  rmSync(g.s.path('.git/waybill/guardrail/look.json'), { recursive: true });
  assert.deepEqual(await g.faults(), [`${TOOL} missing`], 'and the next look is made');
});

test('two guardrails at once: one looks at a time, an alert comes once, every line is whole', async (t) => {
  const s = guardedStation(t, SEED);
  assert.equal(s.waybill('guardrail', '--once').code, 0);
  rmSync(s.path(TOOL));
  const runs = [1, 2, 3].map(() =>
    spawn(process.execPath, [CLI, 'guardrail', '--once'], { cwd: s.root, stdio: 'ignore' }),
  );
  const codes = await Promise.all(runs.map(async (child) => (await once(child, 'exit'))[0] as number));
  assert.deepEqual(codes, [1, 1, 1]);
  const g = await guardrailOf(t, s);
  assert.equal(
    g.alerts().filter((line) => line.endsWith(`Missing or not executable: ${TOOL}`)).length,
    1,
    g.alerts().join('\n'),
  );
  const drift = (s.telemetry() as unknown as TelemetryLine[]).filter(({ event }) => event === 'wo_pipeline_drift');
  assert.equal(drift.length, 3);
});

test('what was written down and is broken is begun anew', async (t) => {
  const g = await guarded(t, SEED);
  rmSync(g.s.path(TOOL));
  await g.look();
  for (const name of ['look.json', 'seen.json']) g.s.write(`.git/waybill/guardrail/${name}`, '{"v": 1, "fau');
  assert.deepEqual(await (await guardrailOf(t, g.s)).faults(), [`${TOOL} missing`]);
});

test('thousands that are gone at once are told within seconds', async (t) => {
  const files: Record<string, string> = {};
  for (let n = 0; n < 1000; n++) files[`many/${n}.txt`] = `${n}\n`;
  const g = await guarded(t, { components: ["{kind: glob, pattern: 'many/*.txt'}"], files });
  await g.look();
  rmSync(g.s.path('many'), { recursive: true });
  const { look } = await g.look();
  assert.equal(look.faults.length, 1001);
  assert.ok(look.faults.some(({ mend }) => mend === 'from HEAD'));
  assert.equal(g.told('wo_pipeline_drift').length, 1001);
});

test.run();
