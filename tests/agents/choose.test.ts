import type { Agent, AgentContext, Probe } from '../../src/agents/agent.ts';
import { chooseAgent, Probes } from '../../src/agents/choose.ts';
import type { Role, RoleAgent } from '../../src/agents/role-file.ts';
import { loadRoles, requireRole } from '../../src/agents/roles.ts';
import { WaybillError } from '../../src/order/error.ts';
import { write } from '../station/stations.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

/** Which agent does the work. The looks themselves are the adapters' (contract.ts); here it counts what comes of them, so they are given. */
const test = suite('agents/choose');

interface Try {
  readonly role: Role;
  readonly probes: Probes;
  /** Names of the agents that were looked at, in order. */
  readonly looks: string[];
  readonly around: { cwd: string; contextOf: (use: RoleAgent) => AgentContext };
  now: number;
}

const CONTEXT = {} as AgentContext;
const FINE: Probe = {
  ok: true,
  version: 'x 1.0',
  why: null,
  modes: [],
  resumes: false,
  structured: false,
  tellsUsage: true,
};

/** A role with the agents a, b and c, of which only those named are usable. */
function tryOf(t: TestContext, usable: string[], probe?: (name: string) => Promise<Probe>): Try {
  const root = t.tempDir();
  const use = ['a', 'b', 'c'].map((name) => ({ name, adapter: 'command', command: [`own-${name}`] }));
  write(root, 'agents/builder/agent.yaml', JSON.stringify({ version: 1, use }));
  const role = requireRole(loadRoles(root), 'builder', 'MAIN');
  const looks: string[] = [];
  const look = async (name: string): Promise<Probe> =>
    usable.includes(name) ? FINE : { ...FINE, ok: false, why: `own-${name} is not on PATH` };
  const agentOf = ({ name }: RoleAgent): Agent => ({
    run: () => Promise.reject(new Error('nobody is asked to work here')),
    probe: () => {
      looks.push(name);
      return (probe ?? look)(name);
    },
  });
  const trial: Try = {
    role,
    looks,
    around: { cwd: root, contextOf: () => CONTEXT },
    now: 1000,
    probes: new Probes(agentOf, () => trial.now),
  };
  return trial;
}

const chosen = async ({ probes, role, around }: Try, ...wanted: string[]) => {
  const { use, passedOver } = await chooseAgent(probes, role, wanted, around);
  return [use.name, ...passedOver.map(({ use: other, probe }) => `${other.name}: ${probe.why}`)];
};

test('the first that can be used does the work, and why the others do not is told', async (t) => {
  const first = tryOf(t, ['a', 'b', 'c']);
  assert.deepEqual(await chosen(first), ['a']);
  assert.deepEqual(first.looks, ['a'], 'nobody is started who is not needed');
  assert.deepEqual(await chosen(tryOf(t, ['c'])), ['c', 'a: own-a is not on PATH', 'b: own-b is not on PATH']);
});

test('what a mission names comes first, and nothing else comes at all', async (t) => {
  assert.deepEqual(await chosen(tryOf(t, ['a', 'b', 'c']), 'C', 'a'), ['c']);
  assert.deepEqual(await chosen(tryOf(t, ['a', 'b']), 'c', 'b'), ['b', 'c: own-c is not on PATH']);
  await assert.rejects(chosen(tryOf(t, ['a', 'b']), 'c'), {
    code: 'AGENT_UNAVAILABLE',
    message: /c: own-c is not on PATH$/,
  });
  await assert.rejects(chosen(tryOf(t, ['a']), 'd'), { code: 'AGENT_UNAVAILABLE', hint: /It has a, b, c/ });
});

test('rule 7: where none can be used the work is not given to anybody, with every reason', async (t) => {
  await assert.rejects(chosen(tryOf(t, [])), {
    code: 'AGENT_UNAVAILABLE',
    message: /builder can be used: a: own-a is not on PATH; b: own-b is not on PATH; c: own-c is not on PATH$/,
  });
});

test('rule 12: a look counts for a minute, for all who ask meanwhile, and for an agent that is set up otherwise not at all', async (t) => {
  const trial = tryOf(t, ['b']);
  await Promise.all([chosen(trial), chosen(trial)]);
  trial.now += 59_999;
  await chosen(trial);
  assert.deepEqual(trial.looks, ['a', 'b']);
  trial.now += 1;
  await chosen(trial);
  assert.deepEqual(trial.looks, ['a', 'b', 'a', 'b'], 'an agent that was installed meanwhile is found');
  const other = { ...trial, role: { ...trial.role, use: trial.role.use.map((use) => ({ ...use, mode: 'plan' })) } };
  await chosen(other);
  assert.deepEqual(trial.looks.slice(4), ['a', 'b']);
  trial.now = 0;
  await chosen(trial);
  assert.equal(trial.looks.length, 8, 'a clock that was set back makes nothing last for ever');
});

test('a look that breaks off is an agent that cannot be used', async (t) => {
  const broken = tryOf(t, [], (name) => {
    if (name === 'a') throw new WaybillError('IO_ERROR', 'the disk is gone');
    return name === 'b' ? Promise.reject(new Error('no pipe')) : Promise.resolve(FINE);
  });
  assert.deepEqual(await chosen(broken), ['c', 'a: the disk is gone', 'b: no pipe']);
});

test.run();
