import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { assert, suite, type TestContext } from '../support/suite.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SUITE = pathToFileURL(join(ROOT, 'tests/support/suite.ts')).href;
const HEADER = `
import { spawn } from 'node:child_process';
import { assert, suite } from '${SUITE}';
`;

interface Planted {
  /** The file's text after the imports. */
  text: string;
  /** What the runner counts. */
  counts: string;
  /** Something the output must explain. */
  says: RegExp;
  args?: string[];
  bare?: boolean;
}

const GOOD = `
const test = suite('good');
test('adds', () => assert.equal(1 + 1, 2));
test('waits', async () => { await Promise.resolve(); });
test.run();
`;

const RED: Record<string, Planted> = {
  'a failed assertion': {
    text: `const test = suite('s'); test('sum', () => assert.equal(1, 2)); test('fine', () => {}); test.run();`,
    counts: '1 passed, 1 failed',
    says: /1 !== 2/,
  },
  'a throwing before hook': {
    text: `const test = suite('s'); test.before(() => { throw new Error('no ground'); }); test('a', () => {}); test.run();`,
    counts: '0 passed, 1 failed',
    says: /before hook: Error: no ground/,
  },
  'a throwing after hook': {
    text: `const test = suite('s'); test.after(() => { throw new Error('no end'); }); test('a', () => {}); test.run();`,
    counts: '1 passed, 1 failed',
    says: /after hook: Error: no end/,
  },
  'a failing clean-up': {
    text: `const test = suite('s'); test('a', (t) => t.defer(() => Promise.reject(new Error('stuck')))); test.run();`,
    counts: '0 passed, 1 failed',
    says: /stuck/,
  },
  'a thrown string': {
    text: `const test = suite('s'); test('a', () => { throw 'only a string'; }); test.run();`,
    counts: '0 passed, 1 failed',
    says: /not an Error: 'only a string'/,
  },
  'a rejection with undefined': {
    text: `const test = suite('s'); test('a', () => Promise.reject()); test('b', () => {}); test.run();`,
    counts: '1 passed, 1 failed',
    says: /not an Error: undefined/,
  },
  'an unhandled rejection after the test': {
    text: `const test = suite('s'); test('a', () => { void Promise.reject(new Error('stray')); }); test.run();`,
    counts: '0 passed, 1 failed',
    says: /stray/,
  },
  'a forgotten run()': {
    text: `const test = suite('forgetful'); test('a', () => {});`,
    counts: '0 passed, 1 failed',
    says: /suite "forgetful" never ran/,
  },
  'a forgotten run() beside a suite that ran': {
    text: `${GOOD} const other = suite('forgetful'); other('a', () => {});`,
    counts: '2 passed, 1 failed',
    says: /suite "forgetful" never ran/,
  },
  'a test declared after run()': {
    text: `${GOOD} test('too late', () => {});`,
    counts: '2 passed, 1 failed',
    says: /2 of 3 tests passed/,
  },
  'a suite without tests': {
    text: `${GOOD} suite('hollow').run();`,
    counts: '2 passed, 1 failed',
    says: /suite "hollow" has no tests/,
  },
  'a promise that never settles': {
    text: `const test = suite('s', { timeoutMs: 200 }); test('a', () => new Promise(() => {})); test.run();`,
    counts: '0 passed, 1 failed',
    says: /did not end within 200 ms/,
  },
  'process.exit(0) inside a test': {
    text: `const test = suite('s'); test('a', () => {}); test('b', () => process.exit(0)); test.run();`,
    counts: '0 passed, 1 failed',
    says: /ended before its suites did/,
  },
  'a leaked child process': {
    text: `const test = suite('s'); test('a', () => { spawn('sleep', ['60']); }); test.run();`,
    counts: '1 passed, 1 failed',
    says: /left a child process running: \d+ sleep 60/,
  },
  'a leaked grandchild in a session of its own': {
    text: `const test = suite('s');
      test('a', () => { spawn('sh', ['-c', 'sleep 61 & exit 0'], { detached: true, stdio: 'ignore' }).unref(); });
      test.run();`,
    counts: '1 passed, 1 failed',
    says: /left a process running: \d+ sleep 61/,
  },
  'a server left open': {
    text: `import { createServer } from 'node:net';
      const test = suite('s'); test('a', () => { createServer().listen(0, '127.0.0.1'); }); test.run();`,
    counts: '1 passed, 1 failed',
    says: /left open: .*TCPServerWrap/,
  },
  'an empty file': { text: '', bare: true, counts: '0 passed, 1 failed', says: /no report/ },
  'a syntax error': { text: 'const = ;', counts: '0 passed, 1 failed', says: /Transform failed|SyntaxError/ },
  'a file that hangs': {
    text: 'setInterval(() => {}, 1000);',
    bare: true,
    args: ['--timeout', '1'],
    counts: '0 passed, 1 failed',
    says: /did not end within 1 s; killed/,
  },
  'an unknown need': {
    text: `const test = suite('s', { needs: ['warp-drive'] }); test('a', () => {}); test.run();`,
    counts: '0 passed, 1 failed',
    says: /unknown need "warp-drive"/,
  },
  'a missing need when strict': {
    text: `${GOOD} const elsewhere = suite('elsewhere', { needs: [MISSING] }); elsewhere('a', () => {}); elsewhere.run();`,
    args: ['--strict'],
    counts: '2 passed, 1 failed',
    says: /not run: .*planted\.test\.ts: elsewhere - needs (linux|darwin): this machine is/,
  },
  'a skipped test when strict': {
    text: `${GOOD.replace('test.run', `test.skip('later', 'not written yet'); test.run`)}`,
    args: ['--strict'],
    counts: '2 passed, 1 failed',
    says: /skipped: .*planted\.test\.ts: good: later - not written yet/,
  },
  'a skip without a reason': {
    text: `${GOOD.replace('test.run', `test.skip('later', ''); test.run`)}`,
    counts: '0 passed, 1 failed',
    says: /"later" is skipped without a reason/,
  },
  'nothing but gaps': {
    text: `const test = suite('elsewhere', { needs: [MISSING] }); test('a', () => {}); test.run();`,
    args: ['planted'],
    counts: '0 passed, 1 failed, 1 skipped',
    says: /no tests ran/,
  },
  'torture in an ordinary file': {
    text: `const test = suite('s', { torture: true }); test('a', () => {}); test.run();`,
    counts: '0 passed, 1 failed',
    says: /belongs in a \*\.torture\.test\.ts file/,
  },
  'no file that matches': {
    text: GOOD,
    args: ['no-such-file'],
    counts: '0 passed, 1 failed',
    says: /no test files found/,
  },
};

const test = suite('test runner');

// Starting the runner is most of the time: the cases without arguments share one run.
const shared = Object.entries(RED).filter(([, { args }]) => args === undefined);
let sharedRun = { status: null as number | null, output: '', last: '' };

test.before((t) => {
  const files = shared.map(([name, planted]) => [
    fileName(name),
    planted.bare === true ? planted.text : HEADER + planted.text,
  ]);
  sharedRun = run(plant(t, Object.fromEntries(files) as Record<string, string>));
});

for (const [name, { counts, says }] of shared) {
  test(`goes red on ${name}`, () => {
    assert.equal(sharedRun.status, 1);
    const blocks = sharedRun.output.split(/^(?=(?:FAIL|ok {2}|none) {2})/m);
    const block = blocks.find((text) => text.split('\n')[0]?.includes(`/${fileName(name)} `)) ?? sharedRun.output;
    assert.match(block, /^FAIL/);
    assert.ok(block.includes(` ${counts} `), block);
    assert.match(block, says);
  });
}

for (const [name, { text, bare, args, counts, says }] of Object.entries(RED)) {
  if (args === undefined) continue;
  test(`goes red on ${name}`, (t) => {
    const folder = plant(t, { 'planted.test.ts': bare === true ? text : HEADER + text });
    const { status, output, last } = run(folder, args);
    assert.equal(last, counts, output);
    assert.match(output, says);
    assert.equal(status, 1, output);
  });
}

test('goes green on good files, and the totals stand alone on the last line', (t) => {
  const folder = plant(t, { 'a.test.ts': HEADER + GOOD, 'b/c.test.ts': HEADER + GOOD, 'd.torture.test.ts': 'throw 1' });
  const { status, output, last } = run(folder, ['--jobs', '2']);
  assert.equal(last, '4 passed, 0 failed', output);
  assert.equal(status, 0);
});

test('lists a skipped test and a missing need as gaps, green when not strict', (t) => {
  const gaps = `${GOOD.replace('test.run', `test.skip('later', 'not written yet'); test.run`)}
    const elsewhere = suite('elsewhere', { needs: [MISSING] }); elsewhere('a', () => process.exit(3)); elsewhere.run();`;
  const { status, output, last } = run(plant(t, { 'planted.test.ts': HEADER + gaps }));
  assert.equal(last, '2 passed, 0 failed, 2 skipped', output);
  assert.match(output, /^skipped: .*not written yet$/m);
  assert.match(output, /^not run: .*elsewhere - needs/m);
  assert.equal(status, 0);
});

test('--torture runs the torture files and only them', (t) => {
  const torture = `const test = suite('s', { torture: true }); test('a', () => {}); test.run();`;
  const folder = plant(t, { 'a.test.ts': 'throw 1', 'b.torture.test.ts': HEADER + torture });
  const { status, output, last } = run(folder, ['--torture']);
  assert.equal(last, '1 passed, 0 failed', output);
  assert.equal(status, 0);
});

test('temporary folders go after each test and clean-ups run in reverse, even when the test fails', (t) => {
  const log = join(t.tempDir(), 'log');
  const text = `
    import { appendFileSync, existsSync } from 'node:fs';
    const log = (line) => appendFileSync('${log}', line + '\\n');
    const test = suite('s');
    let folder = '';
    test('borrows', (t) => {
      folder = t.tempDir();
      t.defer(() => log('first'));
      t.defer(() => log('second, folder ' + (existsSync(folder) ? 'here' : 'gone')));
      throw new Error('fails');
    });
    test('later', () => log('folder ' + (existsSync(folder) ? 'here' : 'gone')));
    test.run();`;
  const { last, output } = run(plant(t, { 'planted.test.ts': HEADER + text }));
  assert.equal(last, '1 passed, 1 failed', output);
  assert.equal(readFileSync(log, 'utf8'), 'second, folder here\nfirst\nfolder gone\n');
});

test('a test file sees a scrubbed environment', (t) => {
  const out = join(t.tempDir(), 'env.json');
  const text = `import { writeFileSync } from 'node:fs';
    const test = suite('s');
    test('a', () => writeFileSync('${out}', JSON.stringify(process.env)));
    test.run();`;
  const dirty = { GIT_DIR: '/nowhere', npm_config_x: '1', WAYBILL_ROOT: '/x', LUKA_SOT: '/x', XDG_CONFIG_HOME: '/x' };
  const { last, output } = run(plant(t, { 'planted.test.ts': HEADER + text }), [], dirty);
  assert.equal(last, '1 passed, 0 failed', output);
  const seen = JSON.parse(readFileSync(out, 'utf8')) as Record<string, string>;
  for (const name of [...Object.keys(dirty), 'WAYBILL_TEST_REPORT']) assert.equal(seen[name], undefined, name);
  assert.equal(seen['TZ'], 'UTC');
  assert.equal(seen['LC_ALL'], 'C');
  assert.equal(seen['NO_COLOR'], '1');
  assert.equal(seen['PATH'], process.env['PATH']);
  assert.notEqual(seen['HOME'], process.env['HOME']);
  assert.equal(existsSync(seen['HOME'] ?? ''), false, 'the temporary HOME is removed after the run');
});

test.run();

function fileName(caseName: string): string {
  return `${caseName.replaceAll(/[^a-z0-9]+/g, '-')}.test.ts`;
}

function plant(t: TestContext, files: Record<string, string>): string {
  const folder = t.tempDir();
  const missing = process.platform === 'linux' ? 'darwin' : 'linux';
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text.replaceAll('MISSING', `'${missing}'`));
  }
  return folder;
}

function run(
  folder: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): { status: number | null; output: string; last: string } {
  const command = ['--import', 'tsx', join(ROOT, 'tests/run.ts'), '--dir', folder, ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, {
    cwd: ROOT,
    encoding: 'utf8',
    // Not strict unless a case asks for it, also where the outer run is.
    env: { ...process.env, CI: '', ...env },
  });
  return { status, output: stdout + stderr, last: stdout.trimEnd().split('\n').at(-1) ?? '' };
}
