import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LiveOutput, liveOutputs, OUTPUT_FOLDER } from '../../src/execute/live-output.ts';
import { commandEvidence, lastOutput } from '../../src/execute/run-commands.ts';
import { ensureDir, namesIn } from '../../src/platform/durable.ts';
import { decorateFileSystem, fs } from '../../src/platform/fs.ts';
import { ANYTHING, testStation, until } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

const none = () => Buffer.alloc(0);

const test = suite('what commands say while they run');

test('what was said is there while the program runs, is no evidence, and is gone afterwards', async (t) => {
  const folder = join(t.tempDir(), OUTPUT_FOLDER);
  ensureDir(folder);
  const live = new LiveOutput(join(folder, '03-build'));
  let peeked = 'two and what may be a secret';
  live.add('stdout', Buffer.from('one\n'), () => Buffer.from(peeked));
  assert.deepEqual(liveOutputs(folder), [], 'a program that is over in a moment costs no file');
  await until(() => liveOutputs(folder).length === 1, 'the first words are written');
  assert.equal(readFileSync(liveOutputs(folder)[0]?.path ?? '', 'utf8'), `one\n${peeked}`);
  peeked = '';
  live.add('stdout', Buffer.from('two\n'), () => Buffer.from(peeked));
  live.add('stderr', Buffer.from('hm\n'), none);
  await until(() => liveOutputs(folder).length === 2, 'the other stream is written');
  const found = liveOutputs(folder);
  assert.deepEqual(
    found.map(({ n, name, output }) => [n, name, output]),
    [
      [3, 'build', 'stderr'],
      [3, 'build', 'stdout'],
    ],
  );
  assert.equal(readFileSync(found[1]?.path ?? '', 'utf8'), 'one\ntwo\n');
  assert.deepEqual(commandEvidence(join(folder, '..')), []);
  assert.equal(lastOutput(join(folder, '..')), 0);
  live.end();
  assert.deepEqual(namesIn(folder), []);
  live.end();
});

test('rule 10: where it cannot be written nobody is troubled', async (t) => {
  const folder = join(t.tempDir(), OUTPUT_FOLDER);
  ensureDir(folder);
  const whole = fs;
  t.defer(() => decorateFileSystem(() => whole));
  let tries = 0;
  decorateFileSystem((inner) => ({
    ...inner,
    openSync: () => {
      tries++;
      throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
    },
  }));
  const live = new LiveOutput(join(folder, '01-x'));
  live.add('stdout', Buffer.from('one\n'), none);
  await until(() => tries === 1, 'it was tried');
  live.add('stdout', Buffer.from('two\n'), none);
  live.end();
  assert.equal(tries, 1);
});

test('a running order shows what its command says, without the secrets in it', async (t) => {
  const secret = `ghp_${'a1B2'.repeat(9)}`;
  const go = join(t.tempDir(), 'go');
  const say = `echo "token ${secret} x"\necho begun\nwhile [ ! -e "$1" ]; do sleep 0.1; done\necho over\n`;
  const station = testStation(t, { policy: ANYTHING, files: { 'say.sh': say } });
  await station.up(t);
  station.drop({ wo_id: 'WO-LIVE', title: 'says', actions: [{ action: 'command', command: `sh say.sh ${go}` }] });
  const said = () =>
    station
      .names('.git/waybill/claimed')
      .flatMap((claim) => liveOutputs(station.path('.git/waybill/claimed', claim, OUTPUT_FOLDER)))
      .map(({ path }) => readFileSync(path, 'utf8'))
      .join('');
  await until(() => said().includes('begun'), 'its first words are there');
  assert.doesNotMatch(said(), /ghp_/);
  writeFileSync(go, '');
  await until(() => station.exists('state/orders/WO-LIVE.json') && station.state('WO-LIVE').status === 'done', 'done');
  // the state file comes before what is shown of the evidence
  const kept = () => station.names('state/evidence/WO-LIVE/commands').filter((file) => file.endsWith('.stdout'));
  await until(() => kept().length > 0, 'its output is shown');
  const [name = ''] = kept();
  assert.match(station.read(`state/evidence/WO-LIVE/commands/${name}`), /begun\nover\n$/);
});

test.run();
