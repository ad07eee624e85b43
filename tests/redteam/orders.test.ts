import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { assert, suite } from '../support/suite.ts';
import { HOSTILE_COMMANDS } from './commands.ts';
import { HOSTILE_PATHS } from './orders.ts';
import { assertWhole, besieged, canaries, committedSince, endOf, type Place } from './place.ts';
import { HOSTILE_WORKS, type HostileWork, SANDBOXED_WORKS, SWAPS } from './works.ts';

const test = suite('redteam/orders', { needs: ['git'] });

interface Dropped {
  readonly name: string;
  readonly klass: string;
  readonly order: object;
  readonly end: string;
}

/** Drops them all, and says which ended otherwise than they must. */
function ends({ s }: Place, dropped: readonly Dropped[]): string[] {
  for (const [n, { order }] of dropped.entries()) s.drop({ wo_id: `WO-X${n}`, ...order });
  s.drain();
  return dropped
    .map((row, n) => ({ ...row, got: endOf(s, `WO-X${n}`), n }))
    .filter(({ end, got }) => !end.split('|').includes(got))
    .map(({ klass, name, end, got, n }) => `WO-X${n} ${klass}: ${name}: ${got}, not ${end}`);
}

test(`rule 9: ${HOSTILE_PATHS.length} hostile paths, none of them effective`, (t) => {
  const place = besieged(t);
  const [before, head] = [canaries(place), place.s.git('rev-parse', 'HEAD')];
  const rows = HOSTILE_PATHS.map((row) => ({
    ...row,
    order: typeof row.order === 'function' ? row.order(place) : row.order,
  }));
  assert.deepEqual(ends(place, rows), []);
  assert.deepEqual(canaries(place), before);
  const own = HOSTILE_PATHS.filter(({ end }) => end === 'done').length;
  const made = committedSince(place.s, head);
  assert.equal(made.length, own, made.join('\n'));
  assert.ok(
    made.every((line) => line.startsWith('100644 ')),
    made.join('\n'),
  );
  assertWhole(place);
});

const SOME_ALLOWED = `version: 1
rules: [{class: safe, commands: [[git, status], [npm, test], make check]}]
isolation: {commands: in_place, allow: [in_place, worktree, branch]}
`;

/** Every twelfth, others each time: commands.test.ts judges all of them. */
const first = Math.floor(Math.random() * 12);
const chosen = HOSTILE_COMMANDS.filter((_, n) => n % 12 === first);

test(`rule 8: ${chosen.length} hostile commands, none of which runs where three are allowed`, (t) => {
  const place = besieged(t, { policy: SOME_ALLOWED });
  const { s } = place;
  const [before, head] = [canaries(place), s.git('rev-parse', 'HEAD')];
  const rows = chosen.map(({ klass, name, run, expect }) => ({
    klass,
    name,
    order: { title: 'Hostile', actions: [{ action: 'command', ...('argv' in run ? run : { command: run.shell }) }] },
    end: expect === 'never' ? 'POLICY_DENIED|SCHEMA_INVALID' : 'approval|POLICY_DENIED|SCHEMA_INVALID',
  }));
  assert.deepEqual(ends(place, rows), []);
  assert.deepEqual(canaries(place), before);
  assert.equal(s.git('rev-parse', 'HEAD'), head);
  assert.equal(s.exists('x'), false);
  assert.deepEqual(ran(place), [], 'no command was started');
  s.drop({ wo_id: 'WO-CONTROL', title: 'Allowed', actions: [{ action: 'command', command: 'git status' }] });
  s.drain();
  assert.deepEqual(ran(place), ['WO-CONTROL'], 'one that is allowed is');
  assertWhole(place);
});

/** Orders that have a command's output in their evidence. */
function ran({ s }: Place): string[] {
  return s.names('state/evidence').filter((woId) => s.names(`state/evidence/${woId}/commands`).length > 0);
}

const ALL_SAFE = `version: 1
rules: [{class: safe, commands: ["*"]}]
limits: {files: 100, bytes: 20000000, diff_lines: 50000}
`;

function works(place: Place, rows: readonly HostileWork[]): Dropped[] {
  const { s, outside, home } = place;
  const at = (text: string) =>
    text.replaceAll('{out}', outside).replaceAll('{home}', home).replaceAll('{root}', s.root);
  return rows.map(({ klass, name, command, more, end }) => ({
    klass,
    name,
    order: { title: 'Hostile', actions: [{ action: 'command', command: hidden(at(command)), ...more }] },
    end,
  }));
}

/** So that no rule sees what is in it: what is tried here is what comes after all rules. */
function hidden(command: string): string {
  return `eval "$(echo ${Buffer.from(command).toString('base64')} | base64 -d)"`;
}

function inWorktrees(t: Parameters<typeof besieged>[0], policy: string): Place {
  const folder = t.tempDir();
  return besieged(t, { policy, settings: `worktrees: {folder: ${folder}}\n` });
}

test(`rules 9 and 14: ${HOSTILE_WORKS.length} works of commands in worktrees, of which nothing lands that must not`, (t) => {
  const place = inWorktrees(t, ALL_SAFE);
  const { s } = place;
  const [before, head] = [canaries(place), s.git('rev-parse', 'HEAD')];
  assert.deepEqual(ends(place, works(place, HOSTILE_WORKS)), []);
  assert.deepEqual(canaries(place), before);
  const made = committedSince(s, head);
  assert.ok(
    made.every((line) => /^(100644|000000) [a-z0-9.]+$/.test(line)),
    made.join('\n'),
  );
  assert.equal(s.git('status', '--porcelain'), '');
  assertWhole(place);
});

test('there are enough of them', () => {
  const count = [HOSTILE_PATHS, chosen, HOSTILE_WORKS, SANDBOXED_WORKS, SWAPS].reduce(
    (sum, { length }) => sum + length,
    0,
  );
  assert.ok(count >= 360, String(count));
  console.log(`${count} hostile orders`);
});

const AT_ROOT = 'version: 1\nrules: [{class: safe, commands: ["*"]}]\nisolation: {commands: in_place}\n';

test(`rule 9: ${SWAPS.length} orders under which folders become links, at the root: nothing is written or read through them`, async (t) => {
  const place = besieged(t, { policy: AT_ROOT, files: { 'race/old.txt': 'old\n' } });
  const { s, outside } = place;
  const [before, head] = [canaries(place), s.git('rev-parse', 'HEAD')];
  for (const [n, { actions, more }] of SWAPS.entries()) {
    const list = JSON.parse(JSON.stringify(actions).replaceAll('{out}', outside)) as object[];
    s.drop({ wo_id: `WO-X${n}`, title: 'Hostile', ...more, actions: list });
    s.drain();
    assert.notEqual(endOf(s, `WO-X${n}`), 'nothing');
    s.git('reset', '--quiet', '--hard');
    s.git('clean', '-fdq');
  }
  assert.deepEqual(canaries(place), before);
  // a process that exchanges a folder for a link and back, while orders write there
  const racer = spawn(process.execPath, ['-e', RACER, s.path('race'), outside], { stdio: 'ignore' });
  const gone = new Promise((done) => racer.once('exit', done));
  t.defer(() => {
    racer.kill('SIGKILL');
    return gone;
  });
  for (let n = 0; n < 60; n++)
    s.drop({ wo_id: `WO-R${n}`, title: 'Race', files: [{ path: `race/new${n}.txt`, content: 'evil\n' }] });
  s.waybill('up', '--drain');
  racer.kill('SIGKILL');
  await gone;
  const now = canaries(place);
  for (const key of Object.keys(now).filter((path) => path.startsWith(outside)))
    assert.equal(now[key], before[key], key);
  assert.deepEqual(
    Object.keys(now).filter((path) => path.startsWith(outside) && !(path in before)),
    [],
  );
  committedSince(s, head);
});

/** Exchanges a folder for a link to another, and back, as fast as it can. */
const RACER = `const fs = require('node:fs'); const [folder, to] = process.argv.slice(1);
for (;;) { try { fs.renameSync(folder, folder + '.aside'); fs.symlinkSync(to, folder); fs.unlinkSync(folder); fs.renameSync(folder + '.aside', folder); } catch {} }`;

const SANDBOXED = `${ALL_SAFE}sandbox: {use: require}\n`;

const boxed = suite('redteam/orders in a sandbox', { needs: ['git', 'bwrap'] });

boxed(`rule 9: ${SANDBOXED_WORKS.length} commands that want out of a sandbox, none of them effective`, (t) => {
  const place = inWorktrees(t, SANDBOXED);
  const { s } = place;
  const [before, head] = [canaries(place), s.git('rev-parse', 'HEAD')];
  assert.deepEqual(ends(place, works(place, SANDBOXED_WORKS)), []);
  assert.deepEqual(canaries(place), before);
  assert.ok(!existsSync('/tmp/waybill-redteam-evil'));
  committedSince(s, head);
  assertWhole(place);
});

test.run();
boxed.run();
