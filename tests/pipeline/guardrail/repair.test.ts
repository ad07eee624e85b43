import { chmodSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import type { CommandFile } from '../../../src/order/generated.ts';
import { type Guarded, guarded, guardedStation, guardrailOf } from '../../support/guarded.ts';
import { assert, suite } from '../../support/suite.ts';

/** Repair: an order like any other brings back what is missing, cut off or without its mode, and nothing that may be somebody's work (rule 1). */

const test = suite('pipeline/guardrail/repair', { needs: ['git'], timeoutMs: 120_000 });

const TOOL = '#!/bin/sh\necho whole\n';
const AUTO = {
  components: ['{kind: file, path: agents/tool.sh, repair: auto}'],
  files: { 'agents/tool.sh': TOOL, 'agents/more/helper.sh': 'helper\n', 'other.txt': 'other\n' },
};

const repairs = (g: Guarded) => g.guardrail.last?.repairs.map((repair) => repair.wo_id) ?? [];
const waiting = (g: Guarded) => g.s.names('.git/waybill/commands');

/** Looks, lets the station work, and looks again. */
async function mended(g: Guarded): Promise<string[]> {
  await g.look();
  g.s.drain();
  return g.faults();
}

test('missing: an order brings it back, with ledger, result and telemetry, and the alert says by which', async (t) => {
  const g = await guarded(t, AUTO);
  await g.look();
  rmSync(g.s.path('agents/tool.sh'));
  assert.deepEqual(await mended(g), []);
  assert.equal(g.s.read('agents/tool.sh'), TOOL);
  assert.equal(g.s.git('status', '--porcelain'), '');
  const [woId = ''] = repairs(g);
  assert.match(woId, /^WO-REPAIR-/);
  assert.equal(g.s.state(woId).status, 'done');
  assert.deepEqual(g.s.state(woId).tags, ['waybill-repair']);
  assert.match(g.alerts().at(-1) ?? '', new RegExp(`REPAIRED: agents/tool.sh by ${woId}, after \\d+s$`));
  assert.deepEqual(g.told('wo_pipeline_repaired'), ['agents/tool.sh']);
  assert.equal(g.s.waybill('verify').code, 0);
});

test('cut off: it comes back, and the damaged version is kept in the journal', async (t) => {
  const g = await guarded(t, AUTO);
  await g.look();
  truncateSync(g.s.path('agents/tool.sh'), 14);
  assert.deepEqual(await mended(g), []);
  assert.equal(g.s.read('agents/tool.sh'), TOOL);
  const journal = g.s
    .git('for-each-ref', '--format=%(refname)', 'refs/waybill')
    .split('\n')
    .find((ref) => ref.endsWith('/journal'));
  const kept = g.s
    .git('ls-tree', '-r', '--name-only', journal ?? '')
    .split('\n')
    .find((path) => path.endsWith('/before/agents/tool.sh'));
  assert.equal(g.s.git('show', `${journal}:${kept}`), TOOL.slice(0, 14).trimEnd());
});

test('a lost mode comes back', async (t) => {
  const s = guardedStation(t, AUTO);
  chmodSync(s.path('agents/tool.sh'), 0o755);
  s.commitAll('It runs');
  const g = await guardrailOf(t, s);
  await g.look();
  chmodSync(s.path('agents/tool.sh'), 0o644);
  assert.deepEqual(await mended(g), []);
  assert.equal(statSync(s.path('agents/tool.sh')).mode & 0o777, 0o755);
});

test('a whole folder', async (t) => {
  const g = await guarded(t, { ...AUTO, components: ['{kind: folder, path: agents, repair: auto}'] });
  await g.look();
  rmSync(g.s.path('agents'), { recursive: true });
  assert.deepEqual(await mended(g), []);
  assert.equal(g.s.git('status', '--porcelain'), '');
  assert.equal(g.s.read('agents/more/helper.sh'), 'helper\n');
});

test('what git never had comes back as the last order wrote it', async (t) => {
  const s = guardedStation(t, { ...AUTO, components: ['{kind: file, path: made.txt, repair: auto}'] });
  s.drop({ wo_id: 'WO-1', title: 'x', files: [{ path: 'made.txt', content: 'made\n' }] });
  s.drain();
  const g = await guardrailOf(t, s);
  await g.look();
  s.git('reset', '--quiet', '--hard', 'HEAD~1');
  assert.equal(s.exists('made.txt'), false);
  assert.deepEqual(await mended(g), []);
  assert.equal(s.read('made.txt'), 'made\n');
});

const NEVER: readonly [string, (g: Guarded) => void, string][] = [
  ['altered content', ({ s }) => writeFileSync(s.path('agents/tool.sh'), 'hers\n'), 'altered'],
  [
    'a deletion that was committed',
    ({ s }) => {
      s.git('rm', '--quiet', 'agents/tool.sh');
      s.git('commit', '--quiet', '-m', 'It goes');
    },
    'missing',
  ],
  [
    'a deletion that was committed, and amended since',
    ({ s }) => {
      s.git('commit', '--quiet', '--amend', '-m', 'Begin again');
      s.git('rm', '--quiet', 'agents/tool.sh');
      s.git('commit', '--quiet', '-m', 'It goes');
    },
    'missing',
  ],
  [
    'another branch that does not have it',
    ({ s }) => {
      s.git('checkout', '--quiet', '--orphan', 'pages');
      s.git('rm', '-r', '--quiet', '--cached', '.');
      rmSync(s.path('agents'), { recursive: true });
      s.git('commit', '--quiet', '--allow-empty', '-m', 'Pages');
    },
    'missing',
  ],
  [
    'an older version that was checked out',
    ({ s }) => {
      s.git('reset', '--quiet', '--hard', 'HEAD~1');
    },
    'moved_back',
  ],
];
for (const [what, harm, kind] of NEVER)
  test(`rule 1: never repaired: ${what}`, async (t) => {
    const s = guardedStation(t, AUTO);
    s.write('agents/tool.sh', `${TOOL}# newer\n`);
    s.commitAll('Newer');
    const g = await guardrailOf(t, s);
    await g.look();
    harm(g);
    const status = s.git('status', '--porcelain');
    assert.deepEqual(await g.faults(), [`agents/tool.sh ${kind}`]);
    assert.deepEqual([repairs(g), waiting(g)], [[], []]);
    assert.equal(s.git('status', '--porcelain'), status);
  });

test('rule 1: a committed change is what comes back, not what was there before', async (t) => {
  const g = await guarded(t, AUTO);
  await g.look();
  g.s.write('agents/tool.sh', 'newer\n');
  g.s.commitAll('Newer');
  rmSync(g.s.path('agents/tool.sh'));
  assert.deepEqual(await mended(g), []);
  assert.equal(g.s.read('agents/tool.sh'), 'newer\n');
});

test('rule 1: a deletion that somebody staged stays staged', async (t) => {
  const g = await guarded(t, AUTO);
  await g.look();
  g.s.git('rm', '--quiet', 'agents/tool.sh');
  assert.deepEqual(await mended(g), ['agents/tool.sh missing']);
  assert.equal(g.s.git('status', '--porcelain'), 'D  agents/tool.sh');
});

test('what keeps breaking is left alone, and somebody is told', async (t) => {
  const g = await guarded(t, { ...AUTO, guardrail: ['repairs_a_day: 2'] });
  await g.look();
  for (const last of [false, false, true]) {
    rmSync(g.s.path('agents/tool.sh'));
    assert.deepEqual(await mended(g), last ? ['agents/tool.sh missing'] : []);
  }
  assert.equal(repairs(g).length, 2);
  const escalated = g.alerts().filter((line) => line.includes('ESCALATED: agents/tool.sh'));
  assert.equal(escalated.length, 1, g.alerts().join('\n'));
  await g.look();
  assert.equal(g.alerts().filter((line) => line.includes('ESCALATED')).length, 1, 'once');
  assert.equal(g.s.exists('agents/tool.sh'), false);
});

test('with no station running the order waits, once, whoever looks', async (t) => {
  const g = await guarded(t, AUTO);
  await g.look();
  rmSync(g.s.path('agents/tool.sh'));
  await g.look();
  await g.look();
  await (await guardrailOf(t, g.s)).look();
  assert.equal(g.s.waybill('guardrail', '--once').code, 1);
  const [file = '', ...others] = waiting(g);
  assert.deepEqual(others, []);
  const command = JSON.parse(g.s.read(`.git/waybill/commands/${file}`)) as CommandFile;
  assert.equal(command.command, 'drop');
  g.s.drain();
  assert.deepEqual(await g.faults(), []);
});

test('a repair that waits for a rebase to end is not handed in again', async (t) => {
  const g = await guarded(t, AUTO);
  await g.look();
  const head = g.s.git('rev-parse', 'HEAD');
  writeFileSync(g.s.path('.git/MERGE_HEAD'), `${head}\n`);
  rmSync(g.s.path('agents/tool.sh'));
  await g.look();
  g.s.drain();
  const [woId = ''] = repairs(g);
  assert.equal(g.s.state(woId).waiting_for, 'repository');
  const path = '.git/waybill/guardrail/look.json';
  const hourAgo = new Date(Date.now() - 3_600_000).toISOString();
  const look = JSON.parse(g.s.read(path)) as { repairs: { at: string }[] };
  for (const repair of look.repairs) repair.at = hourAgo;
  g.s.write(path, JSON.stringify(look));
  await g.look();
  assert.deepEqual(repairs(g), [woId]);
  rmSync(g.s.path('.git/MERGE_HEAD'));
  g.s.drain();
  assert.deepEqual(await g.faults(), []);
});

test('report is the default: nothing is done, and the review says what would have been', async (t) => {
  const g = await guarded(t, {
    ...AUTO,
    components: ['{kind: file, path: agents/tool.sh}', '{kind: file, path: agents/more/helper.sh, repair: auto}'],
  });
  await g.look();
  rmSync(g.s.path('agents/tool.sh'));
  rmSync(g.s.path('agents/more/helper.sh'));
  assert.deepEqual(await mended(g), ['agents/tool.sh missing']);
  assert.equal(g.s.exists('agents/tool.sh'), false);
  const { code, stdout } = g.s.waybill('guardrail', '--review', '--json');
  assert.equal(code, 0);
  const { repairs: rows } = JSON.parse(stdout) as {
    repairs: { component: string; kind: string; mend: string; until: string | null; wo_id: string | null }[];
  };
  const [first, second, ...none] = [...rows].sort((a, b) => (a.component < b.component ? -1 : 1));
  assert.deepEqual(none, []);
  assert.deepEqual(
    [first?.component, first?.wo_id, typeof first?.until],
    ['agents/more/helper.sh', repairs(g)[0], 'string'],
  );
  assert.deepEqual(
    [second?.component, second?.mend, second?.wo_id, second?.until],
    ['agents/tool.sh', 'from HEAD', null, null],
  );
  assert.match(
    g.s.waybill('guardrail', '--review').stdout,
    /agents\/tool\.sh {2}missing: would have been brought back from HEAD; it still lasts/,
  );
});

test.run();
