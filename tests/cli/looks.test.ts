import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CLI, type TestStation, testStation } from '../support/station.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

/** What a command that only looks may not cost: a process, or the loading of what starts one. Counted, not timed. */

const test = suite('cli/looks', { needs: ['git'], timeoutMs: 120_000 });

interface Cost {
  /** Programs started. */
  readonly started: string[];
  /** npm packages whose code was loaded, in whatever file of the bundle it stands. */
  readonly packages: Set<string>;
  /** Our own files of which something was loaded, from the root of the project. */
  readonly sources: Set<string>;
}

function costOf(t: TestContext, cwd: string, ...args: string[]): Cost {
  const trace = join(t.tempDir(), 'trace.json');
  const env = {
    ...process.env,
    NODE_OPTIONS: `--import ${asModule(COUNT)}`,
    COUNT_TO: trace,
    LOADER: asModule(LOADER),
  };
  execFileSync(process.execPath, [CLI, ...args], { cwd, env, stdio: 'pipe' });
  const { started, loaded } = JSON.parse(readFileSync(trace, 'utf8')) as { started: string[]; loaded: string[] };
  assert.ok(
    loaded.some((url) => url.endsWith('/dist/cli/main.js')),
    'the count sees what is loaded',
  );
  const packages = new Set<string>();
  const sources = new Set<string>();
  for (const url of loaded.filter((name) => name.startsWith('file:'))) {
    const path = fileURLToPath(url);
    // esbuild names the file that each piece comes from
    const text = path.includes('/node_modules/') ? '' : readFileSync(path, 'utf8');
    for (const [, source = ''] of text.matchAll(/^\s*\/\/ (src\/\S+)$/gm)) sources.add(source);
    const pieces = text === '' ? [path] : text.match(/^\s*\/\/ node_modules\/\S+$/gm);
    for (const piece of pieces ?? []) {
      // what compiled schemas use of it, not the compiler
      if (!piece.includes('/ajv/dist/runtime/'))
        packages.add(/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(piece)?.[1] ?? piece);
    }
  }
  return { started, packages, sources };
}

const HEAVY = [
  '@agentclientprotocol/sdk',
  'zod',
  'execa',
  'isomorphic-git',
  'ajv',
  'chokidar',
  'pino',
  'node-cron',
  'diff',
  'saxes',
  'picomatch',
];

function assertOnlyLooks(t: TestContext, cwd: string, ...args: string[]): void {
  const { started, packages } = costOf(t, cwd, ...args);
  assert.deepEqual(started, [], `waybill ${args.join(' ')} starts programs`);
  assert.deepEqual(
    HEAVY.filter((name) => packages.has(name)),
    [],
    `waybill ${args.join(' ')} loads what it does not need`,
  );
}

const LOOKS = [
  ['--version'],
  ['status'],
  ['status', '--json'],
  ['ls', '--limit', '20'],
  ['show', 'WO-1'],
  ['why', 'WO-1'],
  ['agents', 'ls'],
  ['jobs', 'ls'],
];

function stationWithAnOrder(t: TestContext): TestStation {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-1', title: 'one', files: [{ path: 'one.txt', content: 'one\n' }] });
  s.drain();
  return s;
}

test('a look at a station starts no program, and loads nothing that could', (t) => {
  const s = stationWithAnOrder(t);
  for (const args of LOOKS) assertOnlyLooks(t, s.root, ...args);
});

test('nor from a folder in it, from a linked work tree, or where something is kept', (t) => {
  const s = stationWithAnOrder(t);
  assertOnlyLooks(t, s.path('state/orders'), 'status');
  const linked = join(t.tempDir(), 'linked');
  s.git('worktree', 'add', '--quiet', linked);
  assertOnlyLooks(t, linked, 'status');
  const { id } = JSON.parse(s.read('.git/waybill/station.json')) as { id: string };
  const keep = `refs/waybill/${id}/keep`;
  s.git('update-ref', `${keep}/WO-9`, 'HEAD');
  const tips = { 'WO-9': s.git('rev-parse', 'HEAD') };
  s.write('.git/waybill/kept-size.json', JSON.stringify({ v: 1, bytes: 5_000_000, tips }));
  assertOnlyLooks(t, s.root, 'status');
  assert.match(s.waybill('status').stdout, /keeps: 1, 4\.8 MB/);
  // of other keeps the figure tells nothing
  s.git('update-ref', `${keep}/WO-8`, 'HEAD');
  assert.notEqual(costOf(t, s.root, 'status').started.length, 0);
  assert.match(s.waybill('status').stdout, /keeps: 2, \d.* k?B of/);
});

test('what mends an error is read by explain alone', (t) => {
  const s = stationWithAnOrder(t);
  const isOfCauses = (source: string) => source.startsWith('src/order/errors/causes/');
  for (const args of LOOKS) {
    const { sources } = costOf(t, s.root, ...args);
    assert.deepEqual([...sources].filter(isOfCauses), [], `waybill ${args.join(' ')}`);
  }
  assert.ok([...costOf(t, s.root, 'explain', 'BAD_ID').sources].some(isOfCauses));
});

test('the count finds programs and packages where they are', (t) => {
  const s = stationWithAnOrder(t);
  const { started, packages } = costOf(t, s.root, 'verify');
  assert.ok(started.some((file) => file.endsWith('git')));
  assert.ok(packages.has('execa') && packages.has('isomorphic-git'), [...packages].join(' '));
  s.git('config', 'extensions.partialClone', 'origin');
  assert.ok(costOf(t, s.root, 'status').started.length > 0, 'an unusual repository is asked about');
});

const asModule = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`;

/** Tells of each module that is loaded, from the thread in which Node runs such hooks. */
const LOADER = `
let port;
export function initialize(data) { port = data.port; }
export async function load(url, context, next) { port.postMessage(url); return next(url, context); }
`;

const COUNT = `
import childProcess from 'node:child_process';
import { Module, register, syncBuiltinESMExports } from 'node:module';
import { writeFileSync } from 'node:fs';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { pathToFileURL } from 'node:url';
const started = [];
const loaded = [];
for (const name of ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync', 'fork']) {
  const call = childProcess[name];
  childProcess[name] = (file, ...rest) => { started.push(String(file)); return call(file, ...rest); };
}
syncBuiltinESMExports();
const load = Module._extensions['.js'];
Module._extensions['.js'] = (module, path) => { loaded.push(pathToFileURL(path).href); return load(module, path); };
const { port1, port2 } = new MessageChannel();
register(process.env.LOADER, { data: { port: port2 }, transferList: [port2] });
process.on('exit', () => {
  for (let told; (told = receiveMessageOnPort(port1)) !== undefined; ) loaded.push(told.message);
  writeFileSync(process.env.COUNT_TO, JSON.stringify({ started, loaded }));
});
`;

test.run();
