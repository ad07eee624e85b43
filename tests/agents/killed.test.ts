import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { groupMembers, withEnvironment } from '../../src/platform/processes.ts';
import { until } from '../platform/children.ts';
import { assert, suite } from '../support/suite.ts';

/** The process that runs an agent is killed: what is left is found by its mark, as recovery looks for it. */

const test = suite('agents/killed', { needs: ['linux'] });

const RUN = resolve(import.meta.dirname, 'fixtures/run-agent.ts');

for (const adapter of ['acp', 'command'])
  test(`rule 4: after a kill of ours, all that the agent (${adapter}) is and started is found by its mark`, async (t) => {
    const cwd = realpathSync(t.tempDir());
    mkdirSync(join(cwd, '.waybill'));
    const notes = t.tempDir();
    const [left, here, script] = [join(notes, 'left'), join(notes, 'here'), join(notes, 'script.json')];
    const steps = [
      { do: 'leave', file: left },
      { do: 'hang', deaf: true, file: here },
    ];
    writeFileSync(script, JSON.stringify({ packet: join(cwd, '.waybill/step.json'), steps }));
    const agent = resolve(import.meta.dirname, `../support/agents/${adapter}-agent.mjs`);
    const mark = `killed.${adapter}.${process.pid}`;
    const station = spawn(process.execPath, ['--import', 'tsx', RUN, adapter, cwd, mark, 'node', agent, script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.defer(() => {
      for (const pid of withEnvironment('WAYBILL_RUN', mark)) process.kill(pid, 'SIGKILL');
    });
    const [first] = (await once(station.stdout, 'data')) as [Buffer];
    const pgid = Number(String(first).trim());
    await until(() => existsSync(here) && existsSync(left), 'the agent works');
    station.kill('SIGKILL');
    await once(station, 'exit');
    const found = withEnvironment('WAYBILL_RUN', mark);
    for (const file of [left, here]) assert.ok(found.includes(Number(readFileSync(file, 'utf8'))), file);
    assert.ok(groupMembers(pgid).every((pid) => found.includes(pid)));
    for (const pid of found) process.kill(pid, 'SIGKILL');
    await until(() => withEnvironment('WAYBILL_RUN', mark).length === 0, 'nothing of it lives');
  });

test.run();
