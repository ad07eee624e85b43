import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../src/order/canonical-json.ts';
import type { Change } from '../../src/order/change.ts';
import { Redactor } from '../../src/order/secrets/redactor.ts';
import { conforms } from '../../src/platform/schema.ts';
import {
  checkEvidence,
  type EvidenceSource,
  evidenceName,
  filesBelow,
  MANIFEST,
  projectEvidence,
  REQUEST_FOLDER,
  sealEvidence,
} from '../../src/record/evidence.ts';
import { admitted, live, started } from '../order/lives.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

const test = suite('record/evidence');

const BODY = Buffer.from([0xff, 0x0d, 0x0a, 0x00]);
const REQUEST = Buffer.from([0xef, 0xbb, 0xbf, 0x61, 0x3a, 0x20, 0x31, 0x0d, 0x0a]);
const changes: Change[] = [
  { path: 'new.txt', before: null, after: { mode: '100644', bytes: Buffer.from('hello\n') } },
  { path: 'old.txt', before: { mode: '100644', bytes: Buffer.from('bye\n') }, after: null },
  { path: '/elsewhere/x', before: null, after: { mode: '100755', bytes: Buffer.from([0, 255]) } },
];

function source(more: Partial<EvidenceSource> = {}): EvidenceSource {
  return {
    life: live(admitted(), started()),
    request: [
      { path: 'request.yaml', bytes: REQUEST },
      { path: `${REQUEST_FOLDER}/body.md`, bytes: BODY },
    ],
    plan: { v: 1, wo_id: 'WO-1' },
    changes,
    approvals: [],
    mission: [],
    commands: [
      { path: 'commands/02-b.stdout', bytes: Buffer.from('b\r\n') },
      { path: 'commands/01-a.stdout', bytes: Buffer.alloc(0) },
    ],
    checks: [{ name: 'it greets', ok: true }],
    redactor: new Redactor(),
    ...more,
  };
}

function sealed(t: TestContext): { folder: string; hash: string } {
  const folder = join(t.tempDir(), 'WO-1');
  const evidence = sealEvidence(source());
  projectEvidence(folder, evidence);
  return { folder, hash: evidence.manifestSha256 };
}

test('evidence: the same input gives the same bytes, in whatever order the files came', () => {
  const one = sealEvidence(source());
  assert.deepEqual(sealEvidence(source({ commands: [...source().commands].reverse() })).files, one.files);
  assert.notEqual(sealEvidence(source({ checks: [] })).manifestSha256, one.manifestSha256);
});

test('evidence: the manifest lists every file with hash and size, and conforms to its contract', () => {
  const { files, manifestSha256 } = sealEvidence(source());
  const manifest = files.at(-1);
  assert.equal(manifest?.path, MANIFEST);
  assert.equal(sha256(manifest?.bytes ?? ''), manifestSha256);
  const value = JSON.parse(manifest?.bytes.toString() ?? '') as {
    files: { path: string; sha256: string; size: number }[];
  };
  assert.ok(conforms('evidence-manifest', value));
  assert.deepEqual(
    value.files,
    files.slice(0, -1).map((f) => ({ path: f.path, sha256: sha256(f.bytes), size: f.bytes.length })),
  );
  assert.deepEqual(
    value.files.map((f) => f.path),
    [
      'changes.patch',
      'checks.json',
      'commands/01-a.stdout',
      'commands/02-b.stdout',
      'plan.json',
      'receipt.json',
      'request.yaml',
      'request/body.md',
    ],
  );
});

test('evidence: the request and what came with it are kept byte for byte, without conversion', (t) => {
  const { folder } = sealed(t);
  assert.deepEqual(readFileSync(join(folder, 'request.yaml')), REQUEST);
  assert.deepEqual(readFileSync(join(folder, REQUEST_FOLDER, 'body.md')), BODY);
  assert.deepEqual(readFileSync(join(folder, 'commands/02-b.stdout')), Buffer.from('b\r\n'));
});

test('evidence: the receipt is an in-toto statement over the result blobs', () => {
  const receipt = sealEvidence(source()).files.find((f) => f.path === 'receipt.json');
  const value = JSON.parse(receipt?.bytes.toString() ?? '') as Record<string, unknown>;
  assert.equal(value['_type'], 'https://in-toto.io/Statement/v1');
  assert.deepEqual(value['subject'], [
    { name: 'new.txt', digest: { sha256: sha256('hello\n').slice(7) } },
    { name: '/elsewhere/x', digest: { sha256: sha256(Buffer.from([0, 255])).slice(7) } },
  ]);
  const predicate = value['predicate'] as Record<string, unknown>;
  assert.deepEqual([predicate['removed'], predicate['outside']], [['old.txt'], ['/elsewhere/x']]);
});

test('evidence: sealed and untouched it holds', (t) => {
  const { folder, hash } = sealed(t);
  assert.deepEqual(checkEvidence(folder, hash), []);
});

test('rule 7: each kind of harm to evidence is found: missing, changed, stray', (t) => {
  const cases: [string, (folder: string) => void, { kind: string; path: string }[]][] = [
    ['missing', (f) => rmSync(join(f, 'plan.json')), [{ kind: 'missing', path: 'plan.json' }]],
    ['changed', (f) => writeFileSync(join(f, 'plan.json'), '{}'), [{ kind: 'changed', path: 'plan.json' }]],
    [
      'same size',
      (f) => writeFileSync(join(f, 'commands/02-b.stdout'), 'c\r\n'),
      [{ kind: 'changed', path: 'commands/02-b.stdout' }],
    ],
    ['stray', (f) => writeFileSync(join(f, 'commands/03'), ''), [{ kind: 'stray', path: 'commands/03' }]],
    ['no manifest', (f) => rmSync(join(f, MANIFEST)), [{ kind: 'missing', path: MANIFEST }]],
    ['other manifest', (f) => writeFileSync(join(f, MANIFEST), '{}'), [{ kind: 'changed', path: MANIFEST }]],
    ['no folder', (f) => rmSync(f, { recursive: true }), [{ kind: 'missing', path: MANIFEST }]],
  ];
  for (const [name, harm, expected] of cases) {
    const { folder, hash } = sealed(t);
    harm(folder);
    assert.deepEqual(checkEvidence(folder, hash), expected, name);
  }
});

test('rule 7: something else in place of a file is a change, and is neither followed nor waited for', (t) => {
  const put: Record<string, (path: string) => void> = {
    folder: (path) => mkdirSync(path),
    link: (path) => {
      writeFileSync(`${path}.real`, REQUEST);
      symlinkSync(`${path}.real`, path);
    },
    pipe: (path) => void execFileSync('mkfifo', [path]),
  };
  for (const [name, make] of Object.entries(put)) {
    const { folder, hash } = sealed(t);
    for (const file of ['request.yaml', MANIFEST]) {
      rmSync(join(folder, file));
      make(join(folder, file));
      const kinds = checkEvidence(folder, hash).map((f) => `${f.kind} ${f.path}`);
      assert.ok(kinds.includes(`changed ${file}`), `${name}: ${kinds.join(', ')}`);
    }
  }
});

test('rule 7: a manifest that names a file twice, or breaks its contract, is told apart', (t) => {
  const { folder } = sealed(t);
  const manifest = JSON.parse(readFileSync(join(folder, MANIFEST), 'utf8')) as { files: unknown[] };
  const rewrite = (value: unknown): string => {
    const text = JSON.stringify(value);
    writeFileSync(join(folder, MANIFEST), text);
    return sha256(text);
  };
  const twice = rewrite({ ...manifest, files: [...manifest.files, manifest.files[0]] });
  assert.deepEqual(checkEvidence(folder, twice), [{ kind: 'duplicate', path: 'changes.patch' }]);
  assert.deepEqual(checkEvidence(folder, rewrite({ ...manifest, v: 2 })), [{ kind: 'manifest', path: MANIFEST }]);
});

test('evidence: shown again it is exactly the sealed files, whatever lay there', (t) => {
  const { folder, hash } = sealed(t);
  writeFileSync(join(folder, 'stray'), '');
  rmSync(join(folder, 'plan.json'));
  projectEvidence(folder, sealEvidence(source()));
  assert.deepEqual(checkEvidence(folder, hash), []);
  assert.equal(filesBelow(folder).length, 9);
  assert.equal(readdirSync(join(folder, 'commands')).length, 2);
});

test('evidence: each attempt has its own folder, under a name that no id can have', () => {
  assert.deepEqual(
    [0, 1, 2, 10].map((n) => evidenceName('WO-1', n)),
    ['WO-1', 'WO-1', 'WO-1@2', 'WO-1@10'],
  );
});

test.run();
