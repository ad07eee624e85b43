import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { mission, missionStation, whyOf } from '../../support/missions.ts';
import { assert, suite, type TestContext } from '../../support/suite.ts';

/** The sessions of agents, with a real agent of the Agent Client Protocol that never hands anything in. */

const test = suite('pipeline/missions: sessions', { needs: ['linux'] });

const PROGRAM = resolve(import.meta.dirname, '../../support/agents/acp-agent.mjs');
const RESUMES = { agentCapabilities: { sessionCapabilities: { resume: {} } } };
const TASK = 'Write src/hello.txt, which says hello.';

/** What the designer is told in its first repair: as it is written beside the step, and as it was said. */
function repair(t: TestContext, script: object): { written: string; said: string } {
  const file = join(t.tempDir(), 'script.json');
  const { station: s } = missionStation(t, undefined, {
    files: {
      'agents/designer/agent.yaml': `version: 1\nuse:\n  - name: own\n    adapter: acp\n    command: ${JSON.stringify([process.execPath, PROGRAM, file])}\n`,
    },
  });
  writeFileSync(file, JSON.stringify({ steps: [{ do: 'say', text: 'Done.' }], ...script }));
  s.drop(mission('WO-S'));
  s.drain();
  assert.equal(s.state('WO-S').last_error?.code, 'PACKET_INVALID', whyOf(s, 'WO-S'));
  const folder = 'state/evidence/WO-S/mission/03-design';
  const prompts = s
    .read(`${folder}/stream.in`)
    .split('\n')
    .filter((line) => line.includes('"session/prompt"'))
    .map((line) => (JSON.parse(line) as { params: { prompt: { text: string }[] } }).params.prompt[0]?.text ?? '');
  assert.equal(prompts.length, 3, 'asked once and twice again');
  return { written: s.read(`${folder}/repair-1.md`), said: prompts[1] ?? '' };
}

test('a repair tells what is wrong where the session goes on, and all of it where another one begins', (t) => {
  const goesOn = repair(t, { hello: RESUMES, sessions: ['session-1'] });
  assert.ok(!goesOn.said.includes(TASK), 'it has heard of its task');
  assert.match(goesOn.said, /cannot be taken/);
  // one that says that it resumes, and has lost its sessions with its process; and one that does not say so
  for (const script of [{ hello: RESUMES, sessions: [], ownSessions: true }, {}]) {
    const anew = repair(t, script);
    assert.ok(anew.said.includes(TASK), 'it hears of its task again');
    assert.match(anew.said, /cannot be taken/);
    assert.equal(anew.written, anew.said, 'and what is on record is what it was told');
  }
});

test.run();
