import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { OUTPUT_FOLDER } from '../../../src/execute/live-output.ts';
import { type RunContext, runAction, runCheck } from '../../../src/execute/run-commands.ts';
import { type CommandReach, commandSandbox } from '../../../src/execute/sandbox/commands.ts';
import { hiddenPlaces } from '../../../src/execute/sandbox/credentials.ts';
import type { Command } from '../../../src/order/order.ts';
import { findSandbox, sandboxOrRefuse } from '../../../src/platform/sandbox/find.ts';
import type { Station } from '../../../src/station/station.ts';
import { git, stationAt, write } from '../../station/stations.ts';
import { assert, suite, type TestContext } from '../../support/suite.ts';

/** Commands of orders in the real sandbox, as the runner starts and records them. */

const test = suite('execute/sandbox/commands', { needs: ['git', 'linux', 'bwrap'], timeoutMs: 60_000 });

const PATH = process.env['PATH'] ?? '/usr/bin:/bin';

async function contextOf(t: TestContext, station: Station, more: Partial<CommandReach> | null): Promise<RunContext> {
  const sandbox = sandboxOrRefuse(await findSandbox(PATH));
  const reach = { folder: station.layout.root, network: false, ...more };
  return {
    station,
    roots: [],
    folder: t.tempDir(),
    woId: 'WO-1',
    begin: () => ({}),
    signal: new AbortController().signal,
    sandbox: more === null ? null : commandSandbox(station, sandbox, reach),
  };
}

const shell = (line: string): Command => ({
  name: 'it',
  run: { shell: line },
  cwd: null,
  timeoutSeconds: 20,
  idempotent: true,
  outputs: [],
});

const evidence = (context: RunContext) =>
  JSON.parse(readFileSync(join(context.folder, OUTPUT_FOLDER, '01-it.json'), 'utf8')) as { sandbox: string | null };
const said = (context: RunContext) =>
  ['stdout', 'stderr']
    .map((name) => readFileSync(join(context.folder, OUTPUT_FOLDER, `01-it.${name}`), 'utf8'))
    .join('');

async function refuses(context: RunContext, line: string, why: RegExp): Promise<void> {
  await assert.rejects(runAction(context, shell(line), 1), { code: 'COMMAND_FAILED' }, line);
  assert.match(said(context), why, line);
}

test('in place: it works on files of the work tree; what git, station and policy keep there is closed (rule 9)', async (t) => {
  const station = await stationAt(join(t.tempDir(), 'ops'), 'version: 1\n');
  writeFileSync(join(station.layout.root, 'policy.yaml'), 'version: 1\n');
  for (const path of ['agents/builder/agent.yaml', 'agents/builder/prompt.md', 'agents/chains/own.yaml'])
    write(station.layout.root, path, 'version: 1\n');
  const context = await contextOf(t, station, {});
  await runAction(context, shell('echo made > made.txt; cat waybill.yaml; git rev-parse --show-toplevel'), 1);
  assert.equal(readFileSync(join(station.layout.root, 'made.txt'), 'utf8'), 'made\n');
  assert.equal(said(context), `version: 1\n${station.layout.root}\n`);
  assert.equal(evidence(context).sandbox, 'bwrap');
  const { inbox, state, outbox, commands } = station.layout;
  for (const path of [
    `${inbox}/MAIN/x.json`,
    `${state}/x.json`,
    `${outbox}/x`,
    `${station.layout.root}/.git/hooks/pre-commit`,
  ])
    await refuses(context, `echo x > ${path}`, /Read-only/);
  const agents = ['agents/builder/agent.yaml', 'agents/builder/prompt.md', 'agents/chains/new.yaml'];
  for (const name of ['waybill.yaml', 'policy.yaml', '.git/config', ...agents])
    await refuses(context, `echo x >> ${name}`, /Read-only/);
  await refuses(context, 'git config core.pager evil', /./);
  await refuses(context, `ls ${commands}`, /No such file/);
  await refuses(context, `mkdir ${commands}`, /Read-only/);
  await refuses(context, 'mv .git elsewhere', /busy/i);
  assert.ok(existsSync(commands));
});

test('in a linked work tree: it writes there, reads the rest, and git in it takes no other git folder', async (t) => {
  const station = await stationAt(join(t.tempDir(), 'ops'), 'version: 1\n');
  writeFileSync(join(station.layout.root, 'a.txt'), 'a\n');
  git(station.layout.root, 'add', '-A');
  git(station.layout.root, 'commit', '-qm', 'a');
  const linked = join(t.tempDir(), 'linked');
  git(station.layout.root, 'worktree', 'add', '-q', '--detach', linked);
  const context = await contextOf(t, station, { folder: linked });
  const run = context.sandbox?.wrap(['/bin/sh', '-c', 'true'], linked) ?? [];
  assert.ok(run.includes(linked));
  await runAction(
    context,
    shell(`cd ${linked} && git log --format=%s -1 -- a.txt && git status --porcelain && echo b > a.txt`),
    1,
  );
  assert.equal(said(context), 'a\n');
  assert.equal(readFileSync(join(linked, 'a.txt'), 'utf8'), 'b\n');
  await refuses(
    context,
    `cat ${station.layout.root}/a.txt && echo x > ${station.layout.root}/a.txt`,
    /^a\n[\s\S]*Read-only/,
  );
  await refuses(context, `echo gitdir: /tmp/mine > ${linked}/.git`, /Read-only/);
});

test('policy may name more that it writes and more that it does not read', async (t) => {
  const station = await stationAt(join(t.tempDir(), 'ops'), 'version: 1\n');
  const [cache, secret] = [t.tempDir(), t.tempDir()];
  writeFileSync(join(secret, 'key'), 'SECRET');
  mkdirSync(join(station.layout.root, 'private'));
  writeFileSync(join(station.layout.root, 'private/key'), 'SECRET');
  const hidden = [secret, join(station.layout.root, 'private')];
  const context = await contextOf(t, station, { writable: [cache], hidden });
  await runAction(context, shell(`echo x > ${cache}/kept`), 1);
  assert.ok(existsSync(join(cache, 'kept')));
  for (const folder of hidden) await refuses(context, `cat ${folder}/key`, /No such file/);
  const check = await runCheck(
    context,
    {
      name: 'it',
      kind: 'test',
      run: { shell: `cat ${secret}/key` },
      exitCode: 0,
      expected: null,
      cwd: null,
      timeoutSeconds: 20,
    },
    1,
  );
  assert.equal(check.ok, false, 'checks run in it too');
});

test('a program that is missing is told as such, in the sandbox as without one; without one the evidence says null', async (t) => {
  const station = await stationAt(join(t.tempDir(), 'ops'), 'version: 1\n');
  const missing: Command = { ...shell(''), run: { argv: ['no-such-program'] } };
  for (const more of [{}, null]) {
    const context = await contextOf(t, station, more);
    await assert.rejects(runAction(context, missing, 1), { code: 'COMMAND_NOT_FOUND' });
    assert.equal(evidence(context).sandbox, more === null ? null : 'bwrap');
  }
});

test('credentials below the home folder are on the list', () => {
  const places = hiddenPlaces('/home/anna');
  for (const name of ['.ssh', '.aws', '.netrc', '.npmrc', '.git-credentials', '.config/gh', '.gnupg', '.docker'])
    assert.ok(places.includes(`/home/anna/${name}`), name);
  assert.equal(new Set(places).size, places.length);
  assert.ok(places.every((place) => place.startsWith('/home/anna/') && place !== homedir()));
});

test.run();
