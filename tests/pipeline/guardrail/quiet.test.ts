import { appendFileSync, closeSync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import type { TelemetryLine } from '../../../src/order/generated.ts';
import { guardedStation } from '../../support/guarded.ts';
import { type TestStation, until } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

/** No false alarm: ten minutes of normal load, compressed. Guards that cry wolf are switched off. */

const test = suite('pipeline/guardrail/quiet', { needs: ['git', 'linux'], timeoutMs: 140_000 });

const LOAD_MS = 15_000;
const names = ['a', 'b', 'c', 'd'].map((n) => `agents/${n}/${n}.sh`);
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** What people, editors, git and orders do all day, with every component there and whole at the end of each. */
const LOAD: readonly ((s: TestStation, n: number) => void | Promise<void>)[] = [
  function commits(s, n) {
    s.write(names[n % 4] ?? '', `by hand ${n}\n`);
    s.git('commit', '--quiet', '--all', '--allow-empty', '-m', `By hand ${n}`);
  },
  function editorRenames(s, n) {
    const path = s.path(names[(n + 1) % 4] ?? '');
    renameSync(path, `${path}~`);
    writeFileSync(`${path}.swp`, `saved ${n}\n`);
    renameSync(`${path}.swp`, path);
  },
  async function editorTruncates(s, n) {
    const fd = openSync(s.path(names[(n + 2) % 4] ?? ''), 'w');
    await pause(20);
    writeSync(fd, `written in place ${n}\n`);
    closeSync(fd);
  },
  function switches(s, n) {
    s.git('commit', '--quiet', '--all', '--allow-empty', '-m', `Before the switch ${n}`);
    s.git('checkout', '--quiet', '-B', `side-${n}`);
    s.write('notes.txt', `side ${n}\n`);
    s.commitAll(`Side ${n}`);
    s.git('checkout', '--quiet', 'main');
  },
  function orders(s, n) {
    s.drop({
      wo_id: `WO-${n}`,
      title: 'Change one component and add another',
      files: [
        { path: 'agents/o/o.sh', content: `by order ${n}\n` },
        { path: `agents/new/${n}.sh`, content: `added ${n}\n` },
      ],
    });
  },
  function stashes(s, n) {
    s.write('other.txt', `in the way ${n}\n`);
    s.git('stash', 'push', '--quiet', '--', 'other.txt');
    s.git('stash', 'pop', '--quiet');
  },
  function rebases(s, n) {
    s.git('commit', '--quiet', '--all', '--allow-empty', '-m', `Before the rebase ${n}`);
    s.git('checkout', '--quiet', '-B', 'topic', 'HEAD~1');
    s.write('topic.txt', `topic ${n}\n`);
    s.commitAll(`Topic ${n}`);
    s.git('rebase', '--quiet', 'main');
    s.git('checkout', '--quiet', 'main');
    s.git('merge', '--quiet', '--no-edit', 'topic');
  },
  function collects(s) {
    s.git('gc', '--quiet');
  },
  function amends(s, n) {
    s.write(names[n % 4] ?? '', `amended ${n}\n`);
    s.git('commit', '--quiet', '--all', '--amend', '--allow-empty', '--no-edit');
  },
  function savesSettings(s) {
    const path = s.path('waybill.yaml');
    const text = s.read('waybill.yaml');
    writeFileSync(path, text.slice(0, 40));
    appendFileSync(path, text.slice(40));
  },
];

test('commits, branches, editors, orders, stash, rebase and gc raise no alarm', async (t) => {
  const s = guardedStation(t, {
    components: [
      ...names.map((path) => `{kind: file, path: ${path}}`),
      '{kind: file, path: agents/o/o.sh, repair: auto}',
      "{kind: glob, pattern: 'agents/**/*.sh', at_least: 5}",
      '{kind: folder, path: agents}',
    ],
    guardrail: ['defaults: true', 'every_seconds: 1', 'altered_after_minutes: 1'],
    files: {
      ...Object.fromEntries(names.map((path) => [path, `${path}\n`])),
      'agents/o/o.sh': 'o\n',
      'other.txt': 'other\n',
      'notes.txt': 'notes\n',
    },
  });
  s.git('config', 'gc.auto', '0');
  await s.up(t);
  const telemetry = () => s.telemetry() as unknown as TelemetryLine[];
  const orders: string[] = [];
  let n = 0;
  for (const end = Date.now() + LOAD_MS; Date.now() < end || n < LOAD.length; n++) {
    const step = LOAD[n % LOAD.length];
    // a person's git waits for ours, as hers does
    if (step?.name !== 'orders')
      await until(() => orders.every((id) => s.exists(`bridge/outbox/MAIN/${id}.result.json`)), 'orders are done');
    else orders.push(`WO-${n}`);
    for (let tries = 1; ; tries++)
      try {
        await step?.(s, n);
        break;
      } catch (error) {
        if (tries === 5 || !String(error).includes('.lock')) throw error;
        await pause(200);
      }
    await pause(60);
  }
  await until(() => orders.every((id) => s.exists(`bridge/outbox/MAIN/${id}.result.json`)), 'the last order is done');
  const beats = () => telemetry().filter(({ event }) => event === 'wo_pipeline_healthy').length;
  const before = beats();
  await until(() => beats() >= before + 2, 'it looks to the end');
  assert.deepEqual(
    telemetry().filter(({ event }) => /^wo_pipeline_(drift|recovered|repaired|dropped)$/.test(event)),
    [],
  );
  assert.equal(s.exists('logs/guardrail_alerts.log') ? s.read('logs/guardrail_alerts.log') : '', '');
  assert.ok(
    n >= LOAD.length && orders.length > 0 && before > 3,
    `${n} steps, ${orders.length} orders, ${before} heartbeats`,
  );
});

test.run();
