import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { newKey } from '../../support/deciding.ts';
import { CLI, type TestStation, testStation, until } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

const test = suite('pipeline/approvals: a decision while its target changes', { needs: ['git', 'ssh-keygen'] });

const TIMES = 8;

/** `waybill approve ID --key FILE`, beside us. */
function approving(s: TestStation, woId: string, key: string): Promise<void> {
  const child = spawn(process.execPath, [CLI, 'approve', woId, '--key', key], { cwd: s.root, stdio: 'ignore' });
  return new Promise((done) => child.once('exit', () => done()));
}

const sha256 = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

test('rule 13: whatever comes first, what landed was made from what was shown, or nothing landed', async (t) => {
  const key = newKey(t);
  const policy = `version: 1\nrules: [{class: ask, paths: [t/]}]\napprovers: [{name: anna, keys: ["${key.publicKey}"]}]\n`;
  const files = Object.fromEntries(Array.from({ length: TIMES }, (_, n) => [`t/${n}`, 'one\n']));
  const s = testStation(t, { policy, files });
  await s.up(t);
  const ends = { landed: 0, held: 0 };
  for (let n = 0; n < TIMES; n++) {
    const woId = `WO-${n}`;
    s.drop({ wo_id: woId, actions: [{ action: 'append', path: `t/${n}`, content: 'appended\n' }] });
    const stateOf = () => (s.exists(`state/orders/${woId}.json`) ? s.state(woId) : null);
    await until(() => stateOf()?.waiting_for === 'approval', `${woId} asks`);
    const { ask: first } = s.state(woId).meta['approval'] as { ask: string };
    const decided = approving(s, woId, key.file);
    // an approval takes some 400 ms from its start to its landing: before, in the middle, after
    await new Promise((done) => setTimeout(done, (n * 900) / TIMES));
    s.write(`t/${n}`, 'another\n');
    await decided;
    const isOver = () => {
      const now = stateOf();
      const again = (now?.meta['approval'] as { ask: string } | undefined)?.ask;
      return now?.status === 'done' || now?.status === 'failed' || (again !== undefined && again !== first);
    };
    await until(isOver, `${woId} is decided, or asks again`);
    const [commit] = s.commitsOf(woId);
    if (commit === undefined) {
      ends.held++;
      assert.equal(s.read(`t/${n}`), 'another\n', 'what somebody wrote is there');
      continue;
    }
    ends.landed++;
    assert.equal(sha256(`${s.git('show', `${commit}^:t/${n}`)}\n`), sha256('one\n'), 'made from what was shown');
    assert.equal(s.git('show', `${commit}:t/${n}`), 'one\nappended');
    const kept = s.kept().map((name) => s.git('grep', '-l', 'another', `refs/waybill/${stationId(s)}/keep/${name}`));
    assert.ok(s.read(`t/${n}`) === 'another\n' || kept.length > 0, 'and what somebody wrote is not lost');
  }
  console.log(JSON.stringify(ends));
  assert.ok(ends.held > 0, 'a change that came first holds it up');
});

function stationId(s: TestStation): string {
  return (JSON.parse(s.read('.git/waybill/station.json')) as { id: string }).id;
}

test.run();
