import { chmodSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { checkDisk, checkProcessor, checkProgram } from '../../src/guardrail/check-station.ts';
import type { OfKind } from '../../src/guardrail/component.ts';
import { readHeartbeat } from '../../src/station/heartbeat.ts';
import { guardedStation, guardrailOf } from '../support/guarded.ts';
import { type TestStation, until } from '../support/station.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

/** Whether the station lives, as its guardrail sees it: real processes, killed and stopped. */

const test = suite('guardrail/check-station', { needs: ['git', 'linux'], timeoutMs: 120_000 });

const base = { severity: 'critical', repair: 'report' } as const;
const processor = (name: string, more: object = {}): OfKind<'processor'> => ({
  ...base,
  kind: 'processor',
  name: `processor:${name}`,
  processor: name,
  maxAgeSeconds: null,
  always: false,
  ...more,
});

async function placeOf(t: TestContext, s: TestStation) {
  const { openGuarded } = await import('../../src/pipeline/guardrail/open.ts');
  const { closeRepository } = await import('../../src/git/repository.ts');
  const station = await openGuarded(s.root);
  t.defer(() => closeRepository(station.repo));
  return station;
}

test('a station that runs is alive; stopped it is not; continued it is; killed it is not; ended well it is no fault', async (t) => {
  const s = guardedStation(t);
  const place = await placeOf(t, s);
  const look = (more: object = {}) => checkProcessor(processor('executor', more), place);
  assert.equal(look(), null, 'one that a person never started is no fault');
  assert.match(look({ always: true })?.message ?? '', /no station process runs \(it never ran\)/);
  const first = await s.up(t);
  assert.equal(look(), null);
  assert.match(
    checkProcessor(processor('clockwork', { always: true }), place)?.message ?? 'young',
    /young|no heartbeat names it/,
  );
  process.kill(first.pid, 'SIGSTOP');
  await until(() => look() !== null, 'the stop is seen');
  assert.match(look()?.message ?? '', new RegExp(`process ${first.pid} is stopped \\(SIGSTOP\\)`));
  process.kill(first.pid, 'SIGCONT');
  await until(() => look() === null, 'it goes on');
  await first.stop('SIGKILL');
  assert.match(look()?.message ?? '', /^the station process died \(last heartbeat 20/);
  const second = await s.up(t);
  assert.equal(look(), null);
  assert.equal(await second.stop('SIGTERM'), 0);
  assert.equal(look(), null);
  assert.match(look({ always: true })?.message ?? '', /no station process runs \(last heartbeat 20/);
});

test('a heartbeat that is old, or names others, is told; one from tomorrow is not', async (t) => {
  const s = guardedStation(t);
  const place = await placeOf(t, s);
  const { pid } = await s.up(t);
  process.kill(pid, 'SIGCONT');
  const beat = JSON.parse(s.read('.git/waybill/heartbeat.json')) as { at: string };
  const said = (at: number) =>
    writeFileSync(place.layout.heartbeat, JSON.stringify({ ...beat, at: new Date(at).toISOString() }));
  // the holder's own beginning counts as a sign of life
  said(Date.now() - 3_600_000);
  assert.equal(checkProcessor(processor('intake'), place), null);
  await new Promise((done) => setTimeout(done, 1600));
  said(Date.now() - 3_600_000);
  assert.match(
    checkProcessor(processor('intake', { maxAgeSeconds: 1 }), place)?.message ?? '',
    /its heartbeat is \d+ s old/,
  );
  said(Date.now() + 86_400_000);
  assert.equal(checkProcessor(processor('intake', { maxAgeSeconds: 1 }), place), null);
  writeFileSync(place.layout.heartbeat, '{"at": "20');
  assert.equal(readHeartbeat(place.layout), null);
  assert.equal(checkProcessor(processor('intake'), place), null, 'it is young: the next heartbeat is awaited');
});

test('the guardrail’s own heartbeat', async (t) => {
  const s = guardedStation(t);
  const g = await guardrailOf(t, s);
  const place = await placeOf(t, s);
  assert.equal(checkProcessor(processor('guardrail'), place)?.message, 'it never looked');
  await g.look();
  assert.equal(checkProcessor(processor('guardrail'), place), null);
  const path = '.git/waybill/guardrail/look.json';
  s.write(path, s.read(path).replace(/"at":"[^"]*"/g, '"at":"2025-11-13T01:50:00.000Z"'));
  assert.match(checkProcessor(processor('guardrail'), place)?.message ?? '', /^it looked last \d+\w( \d+\w)? ago$/);
});

test('a program: on PATH, by its path, not executable, not there', (t) => {
  const folder = t.tempDir();
  const program = (name: string): OfKind<'program'> => ({
    ...base,
    kind: 'program',
    name: `program:${name}`,
    program: name,
  });
  writeFileSync(`${folder}/tool`, '#!/bin/sh\n', { mode: 0o755 });
  assert.equal(checkProgram(program('tool'), `/nowhere::${folder}`), null);
  assert.equal(checkProgram(program(`${folder}/tool`), ''), null);
  assert.equal(checkProgram(program('git')), null);
  chmodSync(`${folder}/tool`, 0o644);
  assert.equal(checkProgram(program('tool'), folder)?.message, `${folder}/tool is not executable`);
  rmSync(`${folder}/tool`);
  const gone = checkProgram(program('tool'), folder);
  assert.deepEqual([gone?.kind, gone?.message], ['not_found', `program not found on PATH (${folder})`]);
  assert.equal(checkProgram(program(`${folder}/tool`))?.message, 'program not found');
});

test('a disk with too little room', async (t) => {
  const place = await placeOf(t, guardedStation(t));
  const disk = (minFreeMb: number): OfKind<'disk'> => ({ ...base, kind: 'disk', name: 'disk:.', path: '.', minFreeMb });
  assert.equal(checkDisk(disk(0), place), null);
  assert.match(checkDisk(disk(1e12), place)?.message ?? '', /^\d+ MB are free, and 1000000000000 must be$/);
});

test('a clock that was put forward and back tells nothing by itself', async (t) => {
  const s = guardedStation(t, { components: ['{kind: waiting, max_hours: 1}'] });
  const g = await guardrailOf(t, s);
  s.write('bridge/inbox/MAIN/WO-1.yaml', 'wo_id: WO-1\n');
  utimesSync(s.path('bridge/inbox/MAIN/WO-1.yaml'), new Date(), new Date(Date.now() + 7_200_000));
  assert.deepEqual(await g.faults(), []);
  utimesSync(s.path('bridge/inbox/MAIN/WO-1.yaml'), new Date(), new Date(Date.now() - 7_200_000));
  assert.match((await g.fault('waiting'))?.message ?? '', /^MAIN\/WO-1\.yaml has waited for 2h 0m$/);
});

test.run();
