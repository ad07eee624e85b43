import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { BUNDLES, bundleOf, dropJob, faultsOf, jobStation, TEST_JOB, verifyJob } from '../../support/bundles.ts';
import type { TestStation } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

/** Bundles and packets are shown in folders where others write too: what they have there is theirs. */

const test = suite('pipeline/jobs: what others have where bundles are shown', { needs: ['git'] });

const HERE = `${BUNDLES}/JOB-7`;
const TERMINAL = 'state/artifacts/terminal/TP_JOB-7.yaml';
let s: TestStation;

test.before((t) => {
  s = jobStation(t).station;
});

function keptOf(name: string): string[] {
  const { code, stdout, stderr } = s.waybill('keep', 'show', name, '--json');
  assert.equal(code, 0, stderr);
  const { files } = JSON.parse(stdout) as { files: { path: string }[] };
  return files.map(({ path }) => path).sort();
}

const kept = (path: string) => s.waybill('keep', 'show', 'JOB-7', path).stdout;

test('rule 1: what lies where a bundle and a packet are shown is kept before they take its place', () => {
  s.write(`${HERE}/evidence.log`, 'theirs\n');
  s.write(`${HERE}/result.json`, '{"of": "another tool"}\n');
  symlinkSync('evidence.log', s.path(HERE, 'latest'));
  s.write(TERMINAL, 'old: packet\n');
  dropJob(s, { ...TEST_JOB, job_id: 'JOB-7' });
  s.drain();
  assert.deepEqual(verifyJob(s, 'JOB-7').faults, []);
  assert.deepEqual(keptOf('JOB-7'), [TERMINAL, `${HERE}/evidence.log`, `${HERE}/latest`, `${HERE}/result.json`].sort());
  assert.equal(kept(`${HERE}/evidence.log`), 'theirs\n');
  assert.equal(kept(`${HERE}/result.json`), '{"of": "another tool"}\n');
  assert.equal(kept(TERMINAL), 'old: packet\n');
});

test('rule 1: notes in a bundle, and a file of it that was changed, are kept when it is written again; our own bytes are not', () => {
  const shown = bundleOf(s, 'JOB-7');
  s.write(`${HERE}/notes.txt`, 'look at line 3\n');
  s.write(`${HERE}/rc.txt`, '1\n');
  mkdirSync(s.path(HERE, 'empty/inner'), { recursive: true });
  assert.deepEqual(faultsOf(s, 'JOB-7'), [
    `${HERE}: rc.txt is changed`,
    `${HERE}: empty/inner is stray`,
    `${HERE}: notes.txt is stray`,
  ]);
  assert.equal(s.waybill('restore', '--all').code, 0);
  assert.deepEqual(bundleOf(s, 'JOB-7'), shown);
  assert.ok(!s.exists(`${HERE}/empty`));
  s.drain();
  assert.equal(keptOf('JOB-7').length, 6);
  assert.equal(kept(`${HERE}/notes.txt`), 'look at line 3\n');
  assert.equal(kept(`${HERE}/rc.txt`), '1\n');
});

test('old evidence of others is a warning, and what looks like a bundle of ours is an error', () => {
  s.write(`${BUNDLES}/JOB-OLD/evidence.log`, 'theirs\n');
  const { code, stdout } = s.waybill('verify', '--skip-commits');
  assert.equal(code, 0, stdout);
  assert.match(stdout, /^bundle JOB-OLD: .*JOB-OLD is of no job of this station, and no bundle: it is left alone$/m);
  s.write(`${BUNDLES}/JOB-OLD/hash_manifest.sha256`, '');
  assert.equal(s.waybill('verify', '--skip-commits').code, 1);
  rmSync(s.path(BUNDLES, 'JOB-OLD'), { recursive: true });
});

test('what git tracks is left alone, and said', () => {
  const theirs = `${BUNDLES}/JOB-T/old.log`;
  s.write(theirs, 'committed\n');
  s.write('state/artifacts/terminal/TP_JOB-T.yaml', 'committed: too\n');
  s.git('add', '--force', theirs, 'state/artifacts/terminal/TP_JOB-T.yaml');
  s.git('commit', '--quiet', '-m', 'Evidence of old');
  dropJob(s, { ...TEST_JOB, job_id: 'JOB-T' });
  s.drain();
  assert.equal(s.state('JOB-T').status, 'done');
  assert.deepEqual(Object.keys(bundleOf(s, 'JOB-T')), ['old.log']);
  assert.equal(s.read('state/artifacts/terminal/TP_JOB-T.yaml'), 'committed: too\n');
  assert.ok(
    faultsOf(s, 'JOB-T').includes(`${BUNDLES}/JOB-T: git tracks files there, so the bundle is not written`),
    faultsOf(s, 'JOB-T').join('\n'),
  );
  const restored = s.waybill('restore', '--all');
  assert.notEqual(restored.code, 0);
  assert.match(restored.stderr, /TRACKED_STATE .*TP_JOB-T.yaml is tracked by git/);
  assert.equal(s.git('status', '--porcelain'), '');
  s.git('rm', '--quiet', '--cached', '-r', 'state/artifacts');
  s.git('commit', '--quiet', '-m', 'Let Waybill write it');
  assert.equal(s.waybill('restore', '--all').code, 0);
  assert.deepEqual(verifyJob(s, 'JOB-T').faults, []);
});

test('rule 9: nothing is written, removed or proved through a link', (t) => {
  const outside = t.tempDir();
  s.move(BUNDLES, '../moved');
  symlinkSync(outside, s.path(BUNDLES));
  s.move('state/artifacts/terminal', '../terminal');
  mkdirSync(join(outside, 'packets'));
  symlinkSync(join(outside, 'packets'), s.path('state/artifacts/terminal'));
  dropJob(s, { ...TEST_JOB, job_id: 'JOB-L' });
  s.drain();
  assert.equal(s.state('JOB-L').status, 'done');
  assert.deepEqual(readdirSync(outside), ['packets']);
  assert.deepEqual(readdirSync(join(outside, 'packets')), []);
  assert.match(s.waybill('restore', '--all').stderr, /PATH_DENIED state\/artifacts\/[a-z/]+ is a link/);
  const { code, stdout } = s.waybill('verify', '--skip-commits');
  assert.equal(code, 1);
  assert.match(stdout, /TP_JOB-L\.yaml: state\/artifacts\/terminal is a link/);
  // whole, byte for byte, and not there
  unlinkSync(s.path(BUNDLES));
  symlinkSync(s.path('../moved'), s.path(BUNDLES));
  assert.ok(faultsOf(s, 'JOB-7').includes(`${HERE}: ${BUNDLES} is a link`), faultsOf(s, 'JOB-7').join('\n'));
  const before = readFileSync(s.path('../moved/JOB-7/result.json'), 'utf8');
  assert.equal(s.waybill('purge', 'JOB-L', '--secret', '--reason', 'test').code, 0);
  s.drain();
  assert.equal(readFileSync(s.path('../moved/JOB-7/result.json'), 'utf8'), before);
  unlinkSync(s.path(BUNDLES));
  unlinkSync(s.path('state/artifacts/terminal'));
  s.move('../moved', BUNDLES);
  s.move('../terminal', 'state/artifacts/terminal');
});

test('evidence verify tells of the order asked for: a purge of another one is not its matter', () => {
  const { code, stdout } = s.waybill('evidence', 'verify', 'JOB-7');
  assert.equal(code, 0, stdout);
  assert.ok(!stdout.includes('JOB-L'), stdout);
  assert.match(s.waybill('verify', '--skip-commits').stdout, /JOB-L: .*were emptied/);
});

test('rule 1: a purge takes the bundle, and leaves what people put beside it', () => {
  s.write(`${HERE}/notes.txt`, 'mine\n');
  assert.equal(s.waybill('purge', 'JOB-7', '--secret', '--reason', 'test').code, 0);
  s.drain();
  assert.deepEqual(Object.keys(bundleOf(s, 'JOB-7')), ['notes.txt']);
});

test.run();
