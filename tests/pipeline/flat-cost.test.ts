import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { program as benchProgram } from '../../bench/program.ts';
import { program } from '../support/program.ts';
import { type TestStation, testStation } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** Rule 11: cost is flat in finished orders, ledger length and repository size. Counted, not timed: a count is the same on every machine. */

const test = suite('cost is flat', { timeoutMs: 240_000 });

type Counts = Record<
  'opened' | 'looked_at' | 'listed' | 'bytes_read' | 'bytes_written' | 'synced' | 'processes',
  number
>;

const ORDERS = 40;

/** What it takes to drain so many orders that write new files. */
function costOf(s: TestStation, first: number): Counts & { objects: number } {
  const objects = () => {
    const said = s.git('count-objects', '-v');
    return Number(/^in-pack: (\d+)$/m.exec(said)?.[1]) + Number(/^count: (\d+)$/m.exec(said)?.[1]);
  };
  for (let n = first; n < first + ORDERS; n++)
    s.drop({ wo_id: `WO-C${n}`, title: `${n}`, files: [{ path: `counted/${first}/${n}.txt`, content: `${n}\n` }] });
  const before = objects();
  const counts = JSON.parse(
    execFileSync(process.execPath, [program('counted'), s.root], { encoding: 'utf8', env: process.env }),
  ) as Counts;
  assert.equal(s.state(`WO-C${first}`).status, 'done');
  assert.equal(s.state(`WO-C${first + ORDERS - 1}`).status, 'done');
  return { ...counts, objects: objects() - before };
}

/** Each count may grow by a tenth and a few: a ledger segment is longer or shorter, a folder of packs holds some more. */
function assertFlat(
  few: Counts & { objects: number },
  many: Counts & { objects: number },
  allowed: Partial<Counts> = {},
): void {
  for (const key of Object.keys(few) as (keyof typeof few)[]) {
    const more = key === 'objects' ? 0 : (allowed[key] ?? 0);
    assert.ok(
      many[key] <= few[key] * 1.1 + 10 + more,
      `${key}: ${few[key]} with little history, ${many[key]} with much\n${JSON.stringify({ few, many }, null, 2)}`,
    );
  }
}

const finish = (s: TestStation, count: number) =>
  execFileSync(process.execPath, [benchProgram('history'), s.root, String(count)], { env: process.env, stdio: 'pipe' });

test('rule 11: an order costs the same after a hundred orders and after thousands', (t) => {
  const [few, many] = [testStation(t), testStation(t)];
  for (const s of [few, many]) {
    // one that is older than all the others, and waits: nobody looks back as far as it
    s.drop({
      wo_id: 'WO-OLD',
      title: 'waits',
      not_before: '2099-01-01T00:00:00Z',
      files: [{ path: 'old', content: '' }],
    });
    s.drain();
    assert.equal(s.state('WO-OLD').status, 'parked');
  }
  finish(few, 100);
  finish(many, 4000);
  costOf(few, 0);
  costOf(many, 0);
  // a start reads one segment of the ledger, whatever its length: up to 4,096 records
  const segment = 4096 * 1500;
  assertFlat(costOf(few, 1000), costOf(many, 1000), {
    bytes_read: segment,
    // the history writes up to 2,000 files, and the index is one file of all paths
    bytes_written: 2000 * 90,
    // names of ledger segments and packs, which grow by one for thousands of orders
    listed: 300,
  });
});

test('rule 11: an order costs the same in a repository of a hundred files and of thousands', (t) => {
  const [few, many] = [testStation(t), testStation(t)];
  for (const [s, files] of [
    [few, 100],
    [many, 8000],
  ] as const) {
    for (let n = 0; n < files; n++) s.write(`tree/${Math.floor(n / 100)}/${n}.txt`, `${n}\n`);
    s.git('add', '--all');
    s.git('commit', '--quiet', '-m', 'files');
    costOf(s, 0);
  }
  // the index is one file of all paths: read three times and written once for a batch, whatever the number of orders
  const index = 8000 * 80;
  assertFlat(costOf(few, 1000), costOf(many, 1000), {
    bytes_read: 6 * index,
    bytes_written: 3 * index,
    // a slow machine looks once more at the folders of packs and claims
    listed: 300,
  });
});

test('rule 11: what looks at the last orders opens no more of them than it shows', (t) => {
  const s = testStation(t);
  finish(s, 3000);
  const opened = (...args: string[]) => {
    const trace = join(t.tempDir(), 'opened');
    const preload = `data:text/javascript,${encodeURIComponent(COUNT_OPENS)}`;
    const env = { ...process.env, NODE_OPTIONS: `--import ${preload}`, COUNT_TO: trace };
    execFileSync(process.execPath, [join(import.meta.dirname, '../../dist/cli/main.js'), ...args], {
      cwd: s.root,
      env,
    });
    return Number(execFileSync('cat', [trace], { encoding: 'utf8' }));
  };
  assert.ok(opened('ls', '--limit', '20') <= 60, `ls opens ${opened('ls', '--limit', '20')} files`);
  assert.ok(opened('status') <= 60, `status opens ${opened('status')} files`);
  assert.ok(opened('show', 'WO-H0000007') <= 40);
  assert.ok(opened('why', 'WO-H0000007') <= 40);
});

/** Counts what a process opens of a station, and writes the number to a file at its end. */
const COUNT_OPENS = `
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
let opened = 0;
for (const name of ['openSync', 'readFileSync', 'statSync', 'lstatSync']) {
  const call = fs[name];
  fs[name] = (...args) => {
    if (String(args[0]).includes('/state/') || String(args[0]).includes('/.git/')) opened++;
    return call(...args);
  };
}
syncBuiltinESMExports();
process.on('exit', () => call(process.env.COUNT_TO, String(opened)));
const call = fs.writeFileSync;
`;

test.run();
