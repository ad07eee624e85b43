import { runStation } from '../../src/pipeline/station-process.ts';
import { decorateFileSystem, type FileSystem, fs } from '../../src/platform/fs.ts';
import { openLog } from '../../src/platform/log.ts';
import { prepareStation } from '../../src/station/station.ts';
import { ANYTHING, type TestStation, testStation } from '../support/station.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

/** Rules 4 and 5 where one call fails once: found by the matrix, each. */

const test = suite('faults that pass');

/** Drains the station in this process, with these calls in the place of its own. */
async function drainWith(t: TestContext, s: TestStation, faults: (inner: FileSystem) => Partial<FileSystem>) {
  const whole = fs;
  t.defer(() => decorateFileSystem(() => whole));
  const { station } = await prepareStation(s.root);
  decorateFileSystem((inner) => ({ ...inner, ...faults(inner) }));
  await runStation(station, { drain: true, log: openLog('silent'), signal: new AbortController().signal });
  decorateFileSystem(() => whole);
}

const fails = () => {
  throw Object.assign(new Error('EACCES: injected'), { code: 'EACCES' });
};

test('rule 5: a line that telemetry could not take is told before those that follow, each once', async (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-1', title: 'fails', actions: [{ action: 'delete', path: 'not/there' }] });
  s.drop({ wo_id: 'WO-2', title: 'works', files: [{ path: 'x', content: 'x' }] });
  let failed = 0;
  await drainWith(t, s, (inner) => ({
    writeSync: ((...args: Parameters<FileSystem['writeSync']>) =>
      String(args[1]).includes('"event":"wo_failed"') && failed++ === 0
        ? fails()
        : inner.writeSync(...args)) as FileSystem['writeSync'],
  }));
  assert.ok(failed >= 2, 'it was tried again');
  const told = s.telemetry().flatMap(({ seq }) => (seq === undefined ? [] : [seq]));
  assert.deepEqual(
    told,
    [...new Set(told)].sort((a, b) => a - b),
  );
  assert.ok(s.telemetry().some(({ event, wo_id }) => event === 'wo_failed' && wo_id === 'WO-1'));
  assert.ok(s.telemetry().some(({ event, wo_id }) => event === 'wo_completed' && wo_id === 'WO-2'));
});

test('rule 4: a file that cannot be read for an instant is taken back all the same', async (t) => {
  const s = testStation(t, { policy: ANYTHING, files: { 'a.txt': 'before\n' } });
  s.drop({
    wo_id: 'WO-1',
    title: 'fails',
    files: [{ path: 'a.txt', content: 'after\n' }],
    actions: [{ action: 'command', command: 'touch ran; exit 3', outputs: ['ran'] }],
  });
  let failed = 0;
  await drainWith(t, s, (inner) => ({
    openSync: (...args: Parameters<FileSystem['openSync']>) =>
      String(args[0]).endsWith('/a.txt') && s.exists('ran') && ++failed === 2 ? fails() : inner.openSync(...args),
  }));
  assert.ok(failed > 2, 'it was tried again');
  assert.equal(s.read('a.txt'), 'before\n');
  assert.deepEqual(s.result('WO-1').unrestored, ['ran']);
});

test.run();
