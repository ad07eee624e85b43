import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERROR_CODES } from '../../src/order/error.ts';
import type { EventData } from '../../src/order/event.ts';
import { advance, type OrderLife } from '../../src/order/life.ts';
import { isTerminal } from '../../src/order/transition.ts';
import { conform } from '../../src/platform/schema.ts';
import { Orders } from '../../src/record/orders.ts';
import { projectResult, rejection, resultDocument } from '../../src/record/result.ts';
import { resultPath } from '../../src/record/result-path.ts';
import { projectState, stateDocument, stateText } from '../../src/record/state.ts';
import type { Station } from '../../src/station/station.ts';
import {
  admitted,
  admittedData,
  cancelled,
  EXECUTED,
  failed,
  LANDING,
  live,
  outcomeData,
  record,
  rejectedData,
  retried,
  started,
  succeeded,
  waits,
} from '../order/lives.ts';
import { stationAt } from '../station/stations.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('record/state, result, orders', { needs: ['git'] });

let station: Station;
test.before(async (t) => {
  station = await stationAt(t.tempDir());
});

const outcome = (more: Partial<EventData['succeeded']>) =>
  record('succeeded', outcomeData(more), { from: 'running', to: 'done' });

/** One life for each way an order can stand. */
const LIVES: Record<string, () => OrderLife> = {
  ready: () => live(admitted()),
  full: () =>
    live(
      admitted({
        owner: 'bob',
        priority: 0,
        created_at: 'yesterday',
        tags: ['a'],
        depends_on: ['WO-0'],
        summary: 'S',
        dry_run: true,
        requester: { uid: 0, user: null, lane: 'MAIN', via: 'command', declared_by: 'eve' },
      }),
    ),
  'parked (time)': () => live(admitted({ waiting_for: 'time', until: '2026-12-01T00:00:00.000Z' }, 'parked')),
  'parked (hold)': () => live(admitted({ waiting_for: 'hold', hold: true }, 'parked')),
  'parked (repository)': () => live(admitted(), started(), waits('repository')),
  'parked (retry)': () => live(admitted({ retries: 2 }), started(), failed('parked')),
  running: () => live(admitted(), started()),
  'running a command': () => live(admitted(), started(), record('command', { n: 1, name: 'make', idempotent: false })),
  'running, executed': () => live(admitted(), started(), record('executed', EXECUTED)),
  landing: () => live(admitted(), started(), record('landing', LANDING)),
  landed: () =>
    live(admitted(), started(), record('landing', LANDING), record('landed', { commits: ['c'], how: 'landed' })),
  done: () => live(admitted(), started(), succeeded()),
  'done, nothing changed': () =>
    live(admitted(), started(), outcome({ commits: [], files_touched: [], duration_ms: null })),
  'done, dry run': () => live(admitted({ dry_run: true }), started(), outcome({ diff: 'diff', evidence: null })),
  'done, warned': () =>
    live(
      admitted(),
      started(),
      outcome({ warnings: [{ code: 'ignored', message: 'x', line: 2, column: 1 }], unrestored: ['a'] }),
    ),
  failed: () => live(admitted(), started(), failed()),
  cancelled: () => live(admitted(), cancelled()),
  rejected: () => live(record('rejected', rejectedData(), { attempt: 0, to: 'rejected' })),
  'rejected in place': () =>
    live(record('rejected', rejectedData({ request: null, quarantine: null }), { attempt: 0, to: 'rejected' })),
  retried: () => live(admitted(), started(), failed(), retried()),
  'revised after a rejection': () =>
    live(
      record('rejected', rejectedData(), { attempt: 0, to: 'rejected' }),
      record('revised', admittedData(), { from: 'rejected', to: 'ready' }),
    ),
  interrupted: () =>
    live(admitted(), started(), record('interrupted', { why: 'killed' }, { from: 'running', to: 'ready' })),
};

test('state file: whatever an order lives through, its state conforms and tells status and wait', () => {
  for (const [name, make] of Object.entries(LIVES)) {
    const life = make();
    const document = stateDocument(station, life);
    assert.deepEqual(conform('state', document, 'INTERNAL'), document, name);
    assert.deepEqual([document.status, document.waiting_for], [life.status, life.waitingFor], name);
    if (life.status === 'parked') assert.ok((document.progress ?? '').length > 3, `${name}: rule 15, why does it wait`);
    if (isTerminal(life.status)) assert.ok(document.finished_at !== null, name);
  }
});

test('state file: one field a line, so that grep finds it', () => {
  const text = stateText(stateDocument(station, (LIVES['full'] ?? live)()));
  for (const line of ['  "wo_id": "WO-1",', '  "status": "ready",', '  "priority": "P0",', '  "owner": "bob",'])
    assert.ok(text.split('\n').includes(line), line);
  assert.ok(text.endsWith('}\n'));
});

test('state file: a name in the file is a claim; the requester is the owner of the file', () => {
  const { requester } = stateDocument(station, (LIVES['full'] ?? live)());
  assert.deepEqual([requester.uid, requester.via, requester.declared_by], [0, 'command', 'eve']);
});

test('state file: the request lies in the evidence of its attempt, a rejected one in quarantine', () => {
  const path = (name: string) => stateDocument(station, (LIVES[name] ?? live)()).request.path;
  assert.equal(path('done'), 'state/evidence/WO-1/request.yaml');
  assert.equal(path('retried'), 'state/evidence/WO-1@2/request.yaml');
  assert.equal(path('rejected'), rejectedData().quarantine);
});

test('result: an order that ended is answered by a document that conforms; a live one has no answer', () => {
  for (const [name, make] of Object.entries(LIVES)) {
    const life = make();
    const document = resultDocument(station, life);
    assert.equal(document !== null, isTerminal(life.status), name);
    if (document === null) continue;
    assert.deepEqual(conform('result', document, 'INTERNAL'), document, name);
    assert.equal(document.status, life.status);
    if (document.status !== 'done') assert.ok(document.error !== null && document.error.hint.length > 0, name);
  }
});

test('result: what cannot even be named is answered under the name of its file', () => {
  const document = rejection(rejectedData({ declared_id: null }), null);
  assert.deepEqual(conform('result', document, 'INTERNAL'), document);
  assert.deepEqual([document.wo_id, document.file, document.error?.line], [null, 'bad.yaml', 3]);
});

test('rule 10: the answer stands in the outbox of the lane; a rejection beside its file too, and hides no earlier answer', () => {
  projectResult(station, (LIVES['done'] ?? live)());
  projectResult(station, (LIVES['rejected'] ?? live)());
  projectResult(station, (LIVES['running'] ?? live)());
  const lane = join(station.layout.outbox, 'MAIN');
  assert.deepEqual(readdirSync(lane).sort(), ['WO-1.result.json', `bad.yaml.${rejectedData().claim}.result.json`]);
  assert.match(readFileSync(resultPath(station, 'MAIN', 'WO-1'), 'utf8'), /"status": "done"/);
  const error: unknown = JSON.parse(
    readFileSync(join(station.layout.root, `${rejectedData().quarantine}.error.json`), 'utf8'),
  );
  assert.equal(conform('error', error, 'INTERNAL').code, 'YAML_INVALID');
});

test('state file: it is replaced whole', () => {
  for (const name of ['ready', 'done']) projectState(station, (LIVES[name] ?? live)());
  const text = readFileSync(join(station.layout.state, 'WO-1.json'), 'utf8');
  assert.equal(conform('state', JSON.parse(text), 'INTERNAL').status, 'done');
  assert.ok(Object.keys(ERROR_CODES).length > 0);
});

test('rule 3: orders are one in any case of letters, and survive a trip through a checkpoint', () => {
  const orders = new Orders();
  orders.apply(admitted());
  assert.equal(orders.apply(record('opened', { station: 's', pid: 1, version: '0' }, { woId: null })), null);
  assert.equal(orders.get('wo-1')?.woId, 'WO-1');
  assert.throws(() => orders.apply(record('admitted', admittedData(), { woId: 'wo-1', to: 'ready' })), /not possible/);
  const again = Orders.from(JSON.parse(JSON.stringify(orders)));
  assert.deepEqual(again.all(), orders.all());
  const next = started();
  assert.deepEqual(again.apply(next), advance(orders.get('WO-1') ?? null, next));
  again.forget('wo-1');
  assert.equal(again.size, 0);
  assert.throws(() => Orders.from({}), /no list/);
});

test.run();
