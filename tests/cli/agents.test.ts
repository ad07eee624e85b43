import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import type { Ajv2020 } from 'ajv/dist/2020.js';
import type { AgentsReport } from '../../src/order/generated.ts';
import { type TestStation, testStation } from '../support/station.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

/** Roles are written, listed and checked from the command line, against a real agent of the Agent Client Protocol. */
const test = suite('waybill agents', { needs: ['git', 'linux'] });

const AGENT = resolve(import.meta.dirname, '../support/agents/acp-agent.mjs');
const MODES = { currentModeId: 'agent', availableModes: ['read-only', 'agent'].map((id) => ({ id, name: id })) };

/** An entry of `use` for a real agent that does what this script says. */
function realAgent(t: TestContext, name: string, script: object = {}, more: object = {}) {
  const file = join(t.tempDir(), 'script.json');
  writeFileSync(file, JSON.stringify({ steps: [], ...script }));
  return { name, adapter: 'acp', command: [process.execPath, AGENT, file], ...more };
}

const MISSING = { name: 'missing', adapter: 'acp', command: ['waybill-no-such-agent'] };

function role(s: TestStation, name: string, ...use: object[]): void {
  s.write(`agents/${name}/agent.yaml`, JSON.stringify({ version: 1, use }));
}

const { Ajv2020: Ajv } = createRequire(import.meta.url)('ajv/dist/2020.js') as { Ajv2020: new () => Ajv2020 };
const conforms = new Ajv().compile(JSON.parse(readFileSync('schemas/agents-report.schema.json', 'utf8')) as object);

function report(s: TestStation, ...args: string[]): AgentsReport & { code: number | null } {
  const { code, stdout, stderr } = s.waybill('agents', ...args, '--json');
  assert.notEqual(stdout, '', stderr);
  const document = JSON.parse(stdout) as AgentsReport;
  assert.ok(conforms(document), JSON.stringify(conforms.errors));
  return { ...document, code };
}

test('init writes the five roles, touches none that is there, and what it wrote can be read', (t) => {
  const s = testStation(t);
  s.write('agents/planner/agent.yaml', '# mine\n');
  const { code, stdout } = s.waybill('agents', 'init');
  assert.equal(code, 0);
  assert.match(stdout, /^is there already {2}agents\/planner\/agent\.yaml$/m);
  assert.match(stdout, /^written {2}agents\/builder\/agent\.yaml$/m);
  assert.equal(s.read('agents/planner/agent.yaml'), '# mine\n');
  const { roles, faults } = report(s, 'ls');
  assert.deepEqual(
    roles.map((r) => r.role),
    ['builder', 'designer', 'reviewer', 'steward'],
  );
  assert.deepEqual(
    roles[0]?.agents.map((a) => a.name),
    ['claude', 'codex', 'opencode', 'gemini'],
  );
  assert.deepEqual(
    faults.map((f) => f.role),
    ['planner'],
  );
});

test('init takes agents by name and as command lines, for the roles that are named', (t) => {
  const s = testStation(t);
  const done = s.waybill(
    'agents',
    'init',
    '--agent',
    'codex',
    '--agent',
    '/opt/own/agent --quiet',
    '--role',
    'builder',
  );
  assert.equal(done.code, 0, done.stderr);
  const { roles } = report(s, 'ls');
  assert.deepEqual(
    roles.map((r) => [r.role, ...r.agents.map((a) => `${a.name}: ${a.adapter} ${a.command.join(' ')} ${a.mode}`)]),
    [['builder', 'codex: acp codex-acp agent', 'agent: command /opt/own/agent --quiet null']],
  );
  for (const args of [
    ['--role', '../evil'],
    ['--role', 'chains'],
    ['--agent', 'sh -c "rm x"'],
    ['--agent', ''],
    ['--agent', 'codex', '--agent', 'codex'],
    ['--agent', 'x', '--adapter', 'telnet'],
  ]) {
    const { code, stderr } = s.waybill('agents', 'init', ...args);
    assert.equal(code, 64, `${args.join(' ')}: ${stderr}`);
  }
  assert.deepEqual(s.names('agents'), ['builder']);
  symlinkSync('../outside', s.path('agents/reviewer'));
  assert.equal(s.waybill('agents', 'init', '--role', 'reviewer').code, 65, 'nothing is written through a link');
  assert.ok(!existsSync(s.path('../outside')));
});

test('ls starts nothing, and says what is missing and what is wrong', (t) => {
  const s = testStation(t);
  const log = join(t.tempDir(), 'log');
  role(s, 'builder', MISSING, realAgent(t, 'own', { log }, { model: 'large', env: ['OWN_KEY'] }));
  role(s, 'planner', MISSING);
  s.write('agents/reviewer/agent.yaml', 'version: 1\nusee: []\n');
  const { code, stdout } = s.waybill('agents', 'ls');
  assert.equal(code, 0);
  assert.match(stdout, /^builder {2}may read, search, think, edit, delete, move, execute; 1800 s a step$/m);
  assert.match(
    stdout,
    /unusable {2}missing .*\n +waybill-no-such-agent is not on PATH\n {2}found {5}own .*\(model large\)$/m,
  );
  assert.match(
    stdout,
    /^reviewer {2}fault {2}agents\/reviewer\/agent\.yaml:2:1: usee: is not a known key\n {2}hint: Did you mean use/m,
  );
  const { ok, roles, faults } = report(s, 'ls');
  assert.deepEqual([ok, roles.map((r) => r.usable), faults[0]?.error.line], [false, [null, false], 2]);
  assert.deepEqual(roles[0]?.agents[1]?.env, ['OWN_KEY']);
  assert.ok(!existsSync(log), 'it was not started');
});

test('check starts each agent, tells what it is and can, asks no model, and leaves nothing alive', (t) => {
  const s = testStation(t);
  const log = join(t.tempDir(), 'log');
  role(s, 'builder', MISSING, realAgent(t, 'own', { log, modes: MODES }, { mode: 'read-only' }));
  const { code, ok, roles } = report(s, 'check');
  assert.deepEqual([code, ok, roles[0]?.usable], [0, true, true]);
  const [first, own] = roles[0]?.agents ?? [];
  assert.equal(first?.usable, false);
  assert.match(first?.why ?? '', /waybill-no-such-agent/);
  assert.deepEqual([own?.usable, own?.version, own?.modes], [true, 'acp-agent 1.2.3', ['read-only', 'agent']]);
  const said = readFileSync(log, 'utf8');
  assert.match(said, /^initialize .*\nnew .*\nset_mode read-only\n/);
  assert.doesNotMatch(said, /prompt/);
  assert.match(
    s.waybill('agents', 'check', 'builder').stdout,
    /usable {4}own .*\n +acp-agent 1\.2\.3; modes read-only, agent/,
  );
});

test('rule 7: check is 0 only where every role, or the one that is named, has somebody', (t) => {
  const s = testStation(t);
  const none = s.waybill('agents', 'check');
  assert.deepEqual([none.code, none.stdout], [69, '']);
  assert.match(none.stderr, /No roles are set up/);
  role(s, 'builder', realAgent(t, 'own', { modes: MODES }, { mode: 'agent' }));
  assert.equal(report(s, 'check').code, 0);
  role(s, 'reviewer', realAgent(t, 'strict', { modes: MODES }, { mode: 'plan' }));
  const mode = report(s, 'check');
  assert.deepEqual([mode.code, mode.ok], [69, false]);
  assert.match(mode.roles[1]?.agents[0]?.why ?? '', /plan/, 'a mode that is not offered');
  assert.equal(report(s, 'check', 'builder').code, 0);
  assert.match(s.waybill('agents', 'check').stderr, /Nobody can work as reviewer\./);
  s.write('agents/reviewer/agent.yaml', 'version: 1\n');
  assert.equal(report(s, 'check').code, 69, 'a role at fault');
  assert.equal(report(s, 'check', 'reviewer').code, 69);
  assert.equal(report(s, 'check', 'builder').code, 0);
  const unknown = s.waybill('agents', 'check', 'nobody');
  assert.equal(unknown.code, 69);
  assert.match(unknown.stderr, /there is no role "nobody"/);
});

test('an agent sees only what its file hands on', (t) => {
  const s = testStation(t);
  const seen = join(t.tempDir(), 'seen');
  // any program is an agent that can be looked at; this one writes down what it sees
  const program = join(t.tempDir(), 'agent.sh');
  writeFileSync(program, `#!/bin/sh\nenv > ${seen}\n`, { mode: 0o755 });
  s.write(
    'agents/builder/agent.yaml',
    JSON.stringify({
      version: 1,
      use: [{ name: 'own', adapter: 'acp', command: [program], env: ['HANDED_ON'], set: { GIVEN: 'x y' } }],
    }),
  );
  process.env['HANDED_ON'] = 'handed on';
  process.env['KEPT_BACK'] = 'kept back';
  t.defer(() => {
    delete process.env['HANDED_ON'];
    delete process.env['KEPT_BACK'];
  });
  s.waybill('agents', 'check');
  const env = readFileSync(seen, 'utf8');
  assert.match(env, /^HANDED_ON=handed on$/m);
  assert.match(env, /^GIVEN=x y$/m);
  assert.doesNotMatch(env, /KEPT_BACK|kept back/);
});

test.run();
