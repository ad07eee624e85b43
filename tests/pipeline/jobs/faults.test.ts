import { createHash } from 'node:crypto';
import { cpSync, rmSync, symlinkSync } from 'node:fs';
import {
  BUILD_JOB,
  BUNDLES,
  badSums,
  bundleOf,
  dropJob,
  faultsOf,
  jobStation,
  removeFrom,
  verifyJob,
} from '../../support/bundles.ts';
import { type TestStation, until } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

/** A bundle is held against ledger and evidence, not against itself: whatever somebody does to it is named, and mended. */

const test = suite('pipeline/jobs: bundles that do not hold', { needs: ['sha256sum'] });
const HERE = `${BUNDLES}/JOB-001`;
const TERMINAL = 'packets/TP_JOB-001.yaml';
let s: TestStation;
let shown: Record<string, string>;

test.before((t) => {
  s = jobStation(t).station;
  dropJob(s, BUILD_JOB);
  s.drain();
  shown = bundleOf(s, 'JOB-001');
});

/** Does something to the bundle, looks, and puts it back. */
function after(act: () => void, look: (faults: string[]) => void): void {
  const keep = s.path('../bundle');
  cpSync(s.path(HERE), keep, { recursive: true });
  try {
    act();
    const { code, ok, faults } = verifyJob(s, 'JOB-001');
    assert.deepEqual([code, ok], [1, false]);
    look(faults.map(({ message }) => message));
  } finally {
    rmSync(s.path(HERE), { recursive: true, force: true });
    cpSync(keep, s.path(HERE), { recursive: true });
    rmSync(keep, { recursive: true });
  }
}

const sum = (text: string) => createHash('sha256').update(text).digest('hex');

/** As a forger does it who knows how a manifest is made. */
function sumAgain(): void {
  const files = Object.entries(bundleOf(s, 'JOB-001')).filter(([path]) => path !== 'hash_manifest.sha256');
  const lines = files.map(([path]) => `${sum(s.read(`${HERE}/${path}`))}  ${path}\n`);
  s.write(`${HERE}/hash_manifest.sha256`, lines.join(''));
}

test('rule 14: each file that is missing, and each that is changed, is named with its path, and no other', () => {
  const paths = Object.keys(shown);
  assert.equal(paths.length, 11);
  for (const turn of [0, 1])
    after(
      () =>
        paths.forEach((path, i) => {
          if (i % 2 === turn) removeFrom(s, `${HERE}/${path}`);
          else s.write(`${HERE}/${path}`, `${s.read(`${HERE}/${path}`)} `);
        }),
      (faults) =>
        assert.deepEqual(
          faults.filter((fault) => !fault.includes('refers to')),
          paths.map((path, i) => `${HERE}: ${path} is ${i % 2 === turn ? 'missing' : 'changed'}`),
        ),
    );
  // one alone, and one byte of it
  after(
    () => removeFrom(s, `${HERE}/${TERMINAL}`),
    (faults) => assert.deepEqual(faults, [`${HERE}: ${TERMINAL} is missing`]),
  );
  after(
    () => s.write(`${HERE}/rc.txt`, '1\n'),
    (faults) => assert.deepEqual(faults, [`${HERE}: rc.txt is changed`]),
  );
});

test('a stray file, a hidden one, a link, and a folder in the place of a file', () => {
  after(
    () => {
      s.write(`${HERE}/packets/TP_other.yaml`, 'outcome: PASS\n');
      s.write(`${HERE}/.hidden`, '');
    },
    (faults) => assert.deepEqual(faults, [`${HERE}: .hidden is stray`, `${HERE}: packets/TP_other.yaml is stray`]),
  );
  after(
    () => {
      s.move(`${HERE}/rc.txt`, '../rc.txt');
      symlinkSync(s.path('../rc.txt'), s.path(HERE, 'rc.txt'));
    },
    (faults) => assert.deepEqual(faults, [`${HERE}: rc.txt is changed`]),
  );
  rmSync(s.path('../rc.txt'));
  after(
    () => {
      removeFrom(s, `${HERE}/rc.txt`);
      s.write(`${HERE}/rc.txt/0`, '');
    },
    (faults) => assert.deepEqual(faults, [`${HERE}: rc.txt is changed`, `${HERE}: rc.txt/0 is stray`]),
  );
});

test('rule 14: a manifest that was made again over changed files fits them, and is found all the same', () => {
  after(
    () => {
      s.write(`${HERE}/${TERMINAL}`, s.read(`${HERE}/${TERMINAL}`).replace('outcome: PASS', 'outcome: BLOCKED'));
      sumAgain();
      assert.equal(badSums(s, 'JOB-001'), '', 'whoever asks the manifest sees nothing');
    },
    (faults) =>
      assert.deepEqual(faults, [`${HERE}: hash_manifest.sha256 is changed`, `${HERE}: ${TERMINAL} is changed`]),
  );
  after(
    () => {
      const manifest = s.read(`${HERE}/hash_manifest.sha256`);
      s.write(`${HERE}/hash_manifest.sha256`, `${manifest}${manifest.split('\n')[0]}\n`);
    },
    (faults) =>
      assert.deepEqual(faults, [
        `${HERE}: hash_manifest.sha256 is changed`,
        `${HERE}: duration_s.txt stands in hash_manifest.sha256 twice`,
      ]),
  );
});

test('references that lead nowhere are named', () => {
  const result = JSON.parse(s.read(`${HERE}/result.json`)) as Record<string, unknown>;
  const record = `ledger:3:sha256:${'0'.repeat(64)}`;
  const packets = [
    'state/artifacts/terminal/TP_JOB-001.yaml',
    `${HERE}/packets/../../../nowhere`,
    `${HERE}/packets/no.yaml`,
  ];
  after(
    () => {
      s.write(
        `${HERE}/result.json`,
        JSON.stringify({ ...result, packet_refs: packets, ledger_refs: [record, 'ledger:999999:sha256:00'] }),
      );
      sumAgain();
    },
    (faults) => {
      for (const ref of packets)
        assert.ok(faults.includes(`${HERE}: result.json refers to ${ref}, which is not there`), ref);
      assert.ok(faults.includes(`${HERE}: result.json refers to ${record}, which is not on the ledger`));
    },
  );
  after(
    () => s.write(`${HERE}/ledger_refs.json`, '{'),
    (faults) => assert.ok(faults.includes(`${HERE}: ledger_refs.json is no JSON`), faults.join('\n')),
  );
});

test('a bundle that is gone: told by verify, an error for whoever asks for it; restore brings it back byte for byte', () => {
  removeFrom(s, HERE);
  const { code, stdout } = s.waybill('verify', '--skip-commits');
  assert.equal(code, 0, stdout);
  assert.match(stdout, /^bundle JOB-001: .*jobs\/JOB-001 is missing: `waybill restore` writes it again$/m);
  assert.equal(verifyJob(s, 'JOB-001').code, 1);
  const restored = s.waybill('restore', '--json');
  assert.equal((JSON.parse(restored.stdout) as { bundles: number }).bundles, 1, restored.stdout + restored.stderr);
  assert.deepEqual(bundleOf(s, 'JOB-001'), shown);
  assert.deepEqual(verifyJob(s, 'JOB-001').faults, []);
});

test('rule 5: `rm -rf state` takes evidence and bundle; both come back, also with parts of them there', async (t) => {
  removeFrom(s, 'state');
  assert.equal(s.waybill('restore').code, 0);
  assert.deepEqual(bundleOf(s, 'JOB-001'), shown);
  // what is missing is written, what differs is left to `--all`
  removeFrom(s, `${HERE}/packets`);
  s.write(`${HERE}/rc.txt`, '1\n');
  s.write(`${HERE}/more.txt`, '');
  assert.equal(s.waybill('restore').code, 0);
  assert.deepEqual(faultsOf(s, 'JOB-001'), [`${HERE}: rc.txt is changed`, `${HERE}: more.txt is stray`]);
  assert.equal(s.waybill('restore', '--all').code, 0);
  assert.deepEqual(bundleOf(s, 'JOB-001'), shown);
  // a running station sees by itself that all of them are gone
  const up = await s.up(t);
  s.move('state/artifacts/evidence', '../gone');
  await until(() => s.exists(`${HERE}/hash_manifest.sha256`), 'the bundle is back');
  assert.equal(await up.stop(), 0);
  assert.deepEqual(bundleOf(s, 'JOB-001'), shown);
});

test('evidence that is gone: what came from it is told to be unproved, and the rest is still held against the ledger', () => {
  s.move('state/evidence/JOB-001', '../evidence');
  s.write(`${HERE}/result.json`, s.read(`${HERE}/result.json`).replace('"PASS"', '"BLOCKED"'));
  const faults = faultsOf(s, 'JOB-001');
  assert.ok(faults.includes(`${HERE}: result.json is changed`), faults.join('\n'));
  assert.ok(faults.includes(`${HERE}: stdout.txt cannot be proved: the evidence that it comes from is gone`));
  assert.ok(!faults.some((fault) => fault.includes('packets/')), faults.join('\n'));
  s.move('../evidence', 'state/evidence/JOB-001');
  assert.equal(s.waybill('restore', '--all').code, 0);
  assert.deepEqual(bundleOf(s, 'JOB-001'), shown);
});

test('a bundle of no job is stray, and an altered ledger is found first', () => {
  cpSync(s.path(HERE), s.path(BUNDLES, 'JOB-002'), { recursive: true });
  const { code, stdout } = s.waybill('verify', '--skip-commits');
  assert.equal(code, 1);
  assert.match(stdout, /^bundle JOB-002: .*JOB-002 is stray: no job stopped there$/m);
  removeFrom(s, `${BUNDLES}/JOB-002`);
  const [segment = ''] = s.names('.git/waybill/ledger').filter((name) => name.endsWith('.jsonl'));
  const ledger = s.read(`.git/waybill/ledger/${segment}`);
  s.write(
    `.git/waybill/ledger/${segment}`,
    ledger.replace('"outcome":"PASS"', '"outcome":"WELL"').replace('hello', 'hullo'),
  );
  assert.equal(verifyJob(s, 'JOB-001').code, 1);
  s.write(`.git/waybill/ledger/${segment}`, ledger);
  assert.equal(verifyJob(s, 'JOB-001').code, 0);
});

test('purge takes the bundle along, also one of a tree that somebody puts back', () => {
  cpSync(s.path(HERE), s.path('../older'), { recursive: true });
  const purged = s.waybill('purge', 'JOB-001', '--secret', '--reason', 'test');
  assert.equal(purged.code, 0, purged.stdout + purged.stderr);
  s.drain();
  assert.deepEqual(s.names(BUNDLES), []);
  assert.equal(s.waybill('verify').code, 0, s.waybill('verify').stdout);
  cpSync(s.path('../older'), s.path(HERE), { recursive: true });
  assert.equal(s.waybill('restore', '--all').code, 0);
  assert.deepEqual(s.names(BUNDLES), []);
  rmSync(s.path('../older'), { recursive: true });
});

test.run();
