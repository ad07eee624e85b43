import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { KNOWN_AGENTS, ROLES, roleText } from '../../src/agents/role-template.ts';
import { candidates, loadRoles, requireRole } from '../../src/agents/roles.ts';
import { sha256 } from '../../src/order/canonical-json.ts';
import type { WaybillError } from '../../src/order/error.ts';
import { write } from '../station/stations.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

const test = suite('agents/roles');

const ONE = 'version: 1\nuse: [{name: own, adapter: command, command: [own-agent]}]\n';

/** The one fault of a station whose role `builder` is this. */
function faultOf(t: TestContext, text: string | Buffer): WaybillError {
  const root = t.tempDir();
  write(root, 'agents/builder/agent.yaml', text);
  const { roles, faults } = loadRoles(root);
  assert.equal(roles.size, 0, String(text).slice(0, 200));
  const fault = faults.get('builder');
  assert.ok(fault !== undefined);
  assert.equal(fault.code, 'AGENT_INVALID');
  assert.equal(fault.place.file, 'agents/builder/agent.yaml');
  return fault;
}

test('a role is read with its defaults, and its bytes are named by their hash', (t) => {
  const root = t.tempDir();
  write(root, 'agents/builder/agent.yaml', ONE);
  write(root, 'agents/reviewer/agent.yaml', `${ONE}prompt: {file: prompt.md}\nlanes: [CODE]\ntools: [read]\n`);
  write(root, 'agents/reviewer/prompt.md', 'Be strict.\n');
  write(root, 'agents/planner/main.py', "the repository's own");
  write(root, 'agents/README.md', 'words');
  write(root, 'agents/chains/agent.yaml', 'no role, but a chain');
  const { roles, faults } = loadRoles(root);
  assert.deepEqual([...faults], []);
  assert.deepEqual([...roles.keys()], ['builder', 'reviewer']);
  const builder = roles.get('builder');
  assert.deepEqual(builder, {
    name: 'builder',
    file: 'agents/builder/agent.yaml',
    sha256: sha256(Buffer.from(ONE)),
    description: null,
    lanes: null,
    prompt: null,
    promptSha256: null,
    tools: ['read', 'search', 'think', 'edit', 'delete', 'move', 'execute'],
    timeoutSeconds: 1800,
    use: [
      {
        name: 'own',
        adapter: 'command',
        command: ['own-agent'],
        args: [],
        mode: null,
        model: null,
        env: [],
        set: {},
        usage: null,
      },
    ],
  });
  const reviewer = roles.get('reviewer');
  assert.deepEqual([reviewer?.prompt, reviewer?.tools], ['Be strict.\n', ['read']]);
  assert.equal(reviewer?.promptSha256, sha256(Buffer.from('Be strict.\n')));
});

test('only a builder may run programs unless its file says otherwise', (t) => {
  const root = t.tempDir();
  for (const role of Object.keys(ROLES)) write(root, `agents/${role}/agent.yaml`, ONE);
  const { roles } = loadRoles(root);
  assert.equal(roles.size, 5);
  for (const [name, { tools }] of roles) assert.equal(tools.includes('execute'), name === 'builder', name);
});

test('rule 10: what is wrong with a file is said with line, column and hint, and stops no other role', (t) => {
  const use = (more: string) => `version: 1\nuse:\n  - {name: own, adapter: acp, command: [own]${more}}\n`;
  const rows: [string, RegExp, number, number, RegExp][] = [
    [`${ONE}timeout_second: 5\n`, /timeout_second: is not a known key/, 3, 1, /timeout_seconds/],
    [use(', comand: [x]'), /use\.0\.comand: is not a known key/, 3, 47, /Did you mean command/],
    [use(', usage: some'), /use\.0\.usage: must be one of/, 3, 47, /./],
    ['version: 2\nuse: []\n', /version: must be 1/, 1, 1, /./],
    ['version: 1\nuse: []\n', /use: must NOT have fewer than 1 items/, 2, 1, /./],
    ['version: 1\nuse: [{name: a, adapter: acp}]\n', /the adapter acp needs a command/, 2, 7, /opencode, acp/],
    [`${use('')}  - {name: OWN, adapter: claude}\n`, /OWN stands there twice/, 4, 6, /its own/],
    [use(', args: ["a b", 5]'), /args\.1: must be string/, 3, 61, /in quotes/],
    ['version: 1\nuse: [{name: a, adapter: command, command: "own --x"}]\n', /command: must be array/, 2, 35, /list/],
    [
      'version: 1\nuse: [{name: a, adapter: command, command: [./own]}]\n',
      /another program in every folder/,
      2,
      35,
      /PATH/,
    ],
    ['version: 1\nuse: [{name: a, adapter: command, command: [""]}]\n', /empty name/, 2, 35, /program/],
    ['version: 1\nversion: 1\n', /stands there twice/, 2, 1, /Remove one/],
    ['version: 1\nuse: &a [*a]\n', /alias/, 2, 10, /Write the value out/],
    ['version: 1\nuse: [\n', /./, 3, 1, /./],
    ['- a\n', /must be object/, 1, 1, /mapping/],
  ];
  for (const [text, message, line, column, hint] of rows) {
    const fault = faultOf(t, text);
    assert.match(fault.message, message, text);
    assert.match(fault.hint, hint, text);
    assert.doesNotMatch(fault.hint, /wo_id|waybill lint|intake\./, text);
    assert.deepEqual([fault.place.line, fault.place.column], [line, column], `${text}\n${fault.message}`);
  }
  const root = t.tempDir();
  write(root, 'agents/bad/agent.yaml', 'version: 1\n');
  write(root, 'agents/good/agent.yaml', ONE);
  write(root, 'agents/Odd Name/agent.yaml', ONE);
  const { roles, faults } = loadRoles(root);
  assert.deepEqual([...roles.keys()], ['good']);
  assert.deepEqual([...faults.keys()].sort(), ['Odd Name', 'bad']);
  assert.match(faults.get('Odd Name')?.hint ?? '', /Small letters/);
});

test('rule 10: bombs, huge files, other bytes and what is no file are refused without harm', (t) => {
  const bomb = `version: 1\na: &a [x, x]\n${[...'bcdefghi'].map((c, i) => `${c}: &${c} [*${'abcdefgh'[i]}, *${'abcdefgh'[i]}]`).join('\n')}\n`;
  assert.match(faultOf(t, bomb).message, /alias/);
  assert.match(faultOf(t, `version: 1\nuse: ${'['.repeat(5000)}`).message, /nested deeper/);
  assert.match(faultOf(t, Buffer.alloc(300_000, 0x20)).message, /300000 bytes, the limit is 262144/);
  assert.match(faultOf(t, Buffer.from([0xff, 0xfe, 0x41])).message, /UTF-8/);
  assert.match(faultOf(t, '').message, /empty/);
  assert.match(faultOf(t, 'version: 1\nuse: !!js/function "x"\n').message, /tag/);
  const root = t.tempDir();
  mkdirSync(join(root, 'agents/builder/agent.yaml'), { recursive: true });
  mkdirSync(join(root, 'agents/reviewer'));
  // a read of it would wait for ever
  execFileSync('mkfifo', [join(root, 'agents/reviewer/agent.yaml')]);
  const { faults } = loadRoles(root);
  for (const role of ['builder', 'reviewer']) assert.match(faults.get(role)?.message ?? '', /is no file/);
});

test('rule 9: no link is followed, because what it leads to is not closed to orders', (t) => {
  const root = t.tempDir();
  write(root, 'open/agent.yaml', ONE);
  write(root, 'open/prompt.md', 'evil');
  mkdirSync(join(root, 'agents/linked-file'), { recursive: true });
  symlinkSync('../../open/agent.yaml', join(root, 'agents/linked-file/agent.yaml'));
  symlinkSync('../open', join(root, 'agents/linked-folder'));
  write(root, 'agents/linked-prompt/agent.yaml', `${ONE}prompt: {file: prompt.md}\n`);
  symlinkSync('../../open/prompt.md', join(root, 'agents/linked-prompt/prompt.md'));
  const { roles, faults } = loadRoles(root);
  assert.equal(roles.size, 0);
  for (const role of ['linked-file', 'linked-folder', 'linked-prompt'])
    assert.match(faults.get(role)?.message ?? '', /is a symbolic link/, role);

  const other = t.tempDir();
  write(other, 'open/builder/agent.yaml', ONE);
  symlinkSync('open', join(other, 'agents'));
  const all = loadRoles(other);
  assert.equal(all.roles.size, 0);
  assert.match(all.faults.get('*')?.message ?? '', /agents is a symbolic link/);
  assert.throws(() => requireRole(all, 'builder', 'MAIN'), { code: 'AGENT_INVALID' });
});

test('rule 9: the program of an agent, and what it is told to run, lie where no order writes', (t) => {
  const around = t.tempDir();
  const root = join(around, 'repo');
  write(root, 'tools/agent.sh', '#!/bin/sh\n');
  chmodSync(join(root, 'tools/agent.sh'), 0o755);
  write(around, 'own/agent.sh', '#!/bin/sh\n');
  symlinkSync(root, join(around, 'alias'));
  symlinkSync(join(root, 'tools/agent.sh'), join(around, 'own/link.sh'));
  const role = (command: readonly string[], args: readonly string[] = []) => {
    write(
      root,
      'agents/builder/agent.yaml',
      JSON.stringify({ version: 1, use: [{ name: 'a', adapter: 'acp', command, args }] }),
    );
    return loadRoles(root).faults.get('builder')?.message ?? null;
  };
  for (const [command, args] of [
    [[join(root, 'tools/agent.sh')]],
    [[join(around, 'alias/tools/agent.sh')]],
    [[join(around, 'own/link.sh')]],
    [['node', 'tools/agent.sh']],
    [['node', './tools/agent.sh']],
    [['node'], ['./tools/agent.sh']],
  ] as const)
    assert.match(role(command, args) ?? '', /lies in the repository, where orders may write it/, command.join(' '));
  for (const command of [
    [join(around, 'own/agent.sh')],
    ['node', '../own/agent.sh'],
    ['opencode', 'acp'],
    ['x', 'tools/'],
  ])
    assert.equal(role(command), null, command.join(' '));
});

test('a step gets its role, or why there is none', (t) => {
  const root = t.tempDir();
  write(root, 'agents/builder/agent.yaml', `${ONE}lanes: [CODE]\n`);
  write(root, 'agents/reviewer/agent.yaml', 'version: 1\n');
  const all = loadRoles(root);
  assert.equal(requireRole(all, 'builder', 'code').name, 'builder');
  assert.throws(() => requireRole(all, 'builder', 'MAIN'), {
    code: 'AGENT_UNAVAILABLE',
    message: /only for missions of CODE/,
  });
  assert.throws(() => requireRole(all, 'reviewer', 'MAIN'), { code: 'AGENT_INVALID' });
  assert.throws(() => requireRole(all, 'steward', 'MAIN'), {
    code: 'AGENT_UNAVAILABLE',
    hint: /waybill agents init --role steward/,
  });
  assert.throws(() => requireRole(loadRoles(t.tempDir()), 'builder', 'MAIN'), { code: 'AGENT_UNAVAILABLE' });
});

test('a mission that names agents has only these, as it orders them', (t) => {
  const root = t.tempDir();
  const use = ['a', 'b', 'c'].map((name) => ({ name, adapter: 'command', command: ['x'] }));
  write(root, 'agents/builder/agent.yaml', JSON.stringify({ version: 1, use }));
  const role = requireRole(loadRoles(root), 'builder', 'MAIN');
  const names = (...wanted: string[]) =>
    candidates(role, wanted)
      .map(({ name }) => name)
      .join(' ');
  assert.equal(names(), 'a b c');
  assert.equal(names('c', 'A', 'c'), 'c a');
  assert.equal(names('d', 'b'), 'b');
  assert.equal(names('d'), '');
});

test('what `waybill agents init` writes can be read, for every role and agent', (t) => {
  const root = t.tempDir();
  const odd = {
    name: 'odd',
    adapter: 'command',
    command: ['/opt/x', '--a=b', 'c d', '*', 'true', '#'],
    mode: null,
  } as const;
  const agents = [...Object.values(KNOWN_AGENTS), { ...odd, install: null, key: null }];
  for (const role of [...Object.keys(ROLES), 'own-role'])
    write(root, `agents/${role}/agent.yaml`, roleText(role, agents));
  const { roles, faults } = loadRoles(root);
  assert.deepEqual([...faults.values()], []);
  assert.equal(roles.size, 6);
  for (const role of roles.values()) {
    assert.deepEqual(
      role.use.map(({ name }) => name),
      ['claude', 'codex', 'opencode', 'gemini', 'odd'],
    );
    assert.deepEqual(role.use.at(-1)?.command, odd.command);
    assert.equal(role.tools.includes('execute'), role.name === 'builder');
  }
});

test.run();
