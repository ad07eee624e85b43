import { agentEnvironment } from '../../src/agents/environment.ts';
import { CUT } from '../../src/order/secrets/redactor.ts';
import { redactorOf } from '../../src/station/redactor.ts';
import { parseSettings } from '../../src/station/settings.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

const test = suite('agents/environment');

/** Not written out, so that no scan takes this file for a leak. */
const KEY = ['gh', 'Qx', '71', 'vv', 'Lp', '02'].join('');

function withVariables(t: TestContext, variables: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(variables)) {
    const before = process.env[name];
    process.env[name] = value;
    t.defer(() => {
      if (before === undefined) delete process.env[name];
      else process.env[name] = before;
    });
  }
}

test('an agent sees what every command sees, what its file names and what it sets, and nothing else', () => {
  const settings = parseSettings(Buffer.from('commands: {env: [PATH, LANG]}'));
  const from = { PATH: '/bin', LANG: 'C', HOME: '/home/ann', OTHER_TOKEN: KEY, MY_KEY: KEY, MODEL: 'small' };
  const use = { env: ['MY_KEY', 'MODEL', 'NOT_THERE'], set: { MODEL: 'large', MORE: 'x' } };
  assert.deepEqual(agentEnvironment(settings, use, from), {
    PATH: '/bin',
    LANG: 'C',
    MY_KEY: KEY,
    MODEL: 'large',
    MORE: 'x',
  });
  assert.deepEqual(agentEnvironment(settings, { env: [], set: {} }, from), { PATH: '/bin', LANG: 'C' });
});

test('the value of a variable that an agent is handed is cut from all that is recorded, whatever it is called', (t) => {
  withVariables(t, { INNOCENT_WORD: KEY, AGENT_HOME: '/home/ann/agents', AGENT_QUIET: 'true' });
  const settings = parseSettings(Buffer.from('version: 1'));
  const text = `{"said": "${KEY}", "home": "/home/ann/agents", "quiet": true}`;
  assert.ok(redactorOf(settings).redactText(text).includes(KEY), 'a name like any other, before it is handed on');
  agentEnvironment(settings, { env: ['INNOCENT_WORD', 'AGENT_HOME', 'AGENT_QUIET'], set: {} });
  assert.equal(redactorOf(settings).redactText(text), text.replace(KEY, CUT));
  // a stream is cut however its pieces fall
  const filter = redactorOf(settings).stream();
  const half = text.indexOf(KEY) + 5;
  const streamed = Buffer.concat([
    filter.push(Buffer.from(text.slice(0, half))),
    filter.push(Buffer.from(text.slice(half))),
    filter.end(),
  ]);
  assert.ok(!streamed.toString().includes(KEY));
  assert.match(streamed.toString(), /"home": "\/home\/ann\/agents", "quiet": true/, 'plain words and places stay');
});

test('keys that stand in the file itself are cut too, also two of one name', () => {
  const settings = parseSettings(Buffer.from('version: 1'));
  const [one, two] = [`${KEY}1`, `${KEY}2`];
  agentEnvironment(settings, { env: [], set: { OWN_API_KEY: one, LOG_LEVEL: 'warnings' } });
  agentEnvironment(settings, { env: [], set: { OWN_API_KEY: two } });
  const said = redactorOf(settings).redactText(`${one} ${two} warnings`);
  assert.ok(!said.includes(KEY), said);
  assert.match(said, /warnings$/);
});

test('what every command is handed anyway is not cut', (t) => {
  withVariables(t, { PLAIN_THING: 'some-plain-thing' });
  const settings = parseSettings(Buffer.from('commands: {env: [PATH, PLAIN_THING]}'));
  agentEnvironment(settings, { env: ['PLAIN_THING'], set: {} });
  assert.equal(redactorOf(settings).redactText('some-plain-thing'), 'some-plain-thing');
});

test.run();
