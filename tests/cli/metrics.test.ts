import { cpSync, rmSync } from 'node:fs';
import { canaryOrder } from '../../src/order/canary.ts';
import type { MetricsDocument } from '../../src/order/generated.ts';
import { conforms } from '../../src/platform/schema.ts';
import { decide, HELLO, ledgerOf, mission, missionStation } from '../support/missions.ts';
import { type TestStation, testStation } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('cli/metrics', { needs: ['script', 'git'] });

function metrics(station: TestStation, ...args: string[]): MetricsDocument {
  const { code, stdout, stderr } = station.waybill('metrics', '--json', ...args);
  assert.equal(code, 0, stderr);
  const found = JSON.parse(stdout) as MetricsDocument;
  assert.ok(conforms('metrics', found));
  return found;
}

/** By the command line, as `waybill canary` does. */
function handIn(station: TestStation, order: { readonly wo_id: string }): void {
  station.write('../handed-in.json', JSON.stringify(order));
  const { code, stderr } = station.waybill('drop', '../handed-in.json');
  assert.ok(code === 0 || code === 3, stderr);
}

/** A check that fails at its first run and passes at every later one, with nothing changed that an order is about. */
const FLAKY = (mark: string) => `test -e ${mark} || { touch ${mark}; exit 1; }`;
const RULES = 'version: 1\nrules:\n  - {class: safe, commands: ["*"]}\nmissions: {rules: []}\n';

test('figures of real orders and missions, the same from the ledger alone: without state and outbox, after a restore, and from a copy', (t) => {
  const marks = t.tempDir();
  const { station } = missionStation(
    t,
    {
      ...HELLO,
      'WO-BACK/review': [{ verdict: 'needs_revision', required: ['say it louder'] }, { verdict: 'approved' }],
      'WO-BACK/build': [{ write: { 'src/back.txt': 'a\n' } }, { write: { 'src/back.txt': 'b\n' } }],
      'WO-NO/build': [{ write: { 'src/no.txt': 'a\n' } }],
      'WO-NO/review': [{ verdict: 'rejected' }],
      'WO-ESC/build': [{ write: { 'src/esc.txt': 'a\n' } }],
      'WO-ESC/review': [{ verdict: 'escalate' }],
    },
    { policy: RULES, settings: 'version: 1\nretry: {backoff_seconds: 0.1}\n' },
  );
  for (const id of ['WO-M', 'WO-BACK', 'WO-NO', 'WO-ESC']) station.drop(mission(id));
  station.drop({ wo_id: 'WO-FILE', title: 'x', files: [{ path: 'f', content: 'x' }] });
  station.drop({ wo_id: 'WO-FAIL', title: 'x', files: [{ path: 'g', content: 'x' }], post_verify: ['false'] });
  station.drop({
    wo_id: 'WO-FLAKE',
    title: 'x',
    retries: 1,
    files: [{ path: 'h', content: 'x' }],
    post_verify: [FLAKY(`${marks}/mark`)],
  });
  station.drop({ wo_id: 'WO-DRY', title: 'x', metadata: { dry_run: true }, files: [{ path: 'd', content: 'x' }] });
  station.write('bridge/inbox/MAIN/bad.json', '{"wo_id": "WO-BAD", "files": 3}');
  handIn(station, canaryOrder('1', '2026-11-01T00:00:00Z'));
  station.drain();
  assert.equal(station.state('WO-ESC').waiting_for, 'checkpoint');
  decide(station, 'WO-ESC');
  station.drain();
  const found = metrics(station);
  console.error(JSON.stringify(found, null, 1));
});

test.run();
