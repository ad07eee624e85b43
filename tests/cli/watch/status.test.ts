import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { ANYTHING, CLI, testStation, until } from '../../support/station.ts';
import { assert, suite, type TestContext } from '../../support/suite.ts';
import { Terminal } from '../../support/terminal.ts';

const test = suite('cli/watch/status', { needs: ['git', 'tmux'], timeoutMs: 300_000 });

const WATCHING = /record \d+ {2}q quits/;
/** Cursor shown, no other screen, wrapping on. */
const AS_BEFORE = '1 0 1';

const slow = (woId: string, title: string) => ({
  wo_id: woId,
  title,
  actions: [
    {
      action: 'command',
      command: 'for i in $(seq 1000); do [ -e go ] && break; sleep 0.05; done; touch out.txt',
      outputs: ['out.txt'],
    },
  ],
});

test('it draws, moves as an order runs, and follows the size of the terminal', async (t) => {
  const s = testStation(t, { policy: ANYTHING });
  await s.up(t);
  const terminal = new Terminal(t, s.root, 110, 32);
  terminal.waybill('status --watch');
  await terminal.shows(WATCHING);
  assert.match(terminal.screen, /running: nothing/);
  assert.equal(terminal.modes, '0 1 0', 'a screen of its own, no cursor, no wrapping');
  s.drop(slow('WO-1', `a title\u001b]0;owned\u0007 that \u202eis ${'very '.repeat(30)}long`));
  await terminal.shows(/running: 1\n +\ds {2}WO-1 +running, command 1/);
  assert.match(terminal.screen, /MAIN +0 +0 +1 +0 +1 +\./, 'the lane counts it, by its age too');
  assert.doesNotMatch(terminal.screen, /owned\u0007|\u202e/);
  const elapsed = () => Number(/ (\d+)s {2}WO-1 +running/.exec(terminal.screen)?.[1] ?? -1);
  const seen = elapsed();
  await until(() => elapsed() > seen, 'its age moves on');
  terminal.resize(60, 18);
  await until(
    () => WATCHING.test(terminal.screen) && terminal.lines().every((line) => line.length <= 60),
    'it is drawn anew, and nothing is longer than a line',
    30_000,
  );
  terminal.resize(110, 32);
  s.write('go', '');
  await terminal.shows(/running: nothing/);
  await terminal.shows(/✓ succeeded +WO-1/);
  terminal.key('q');
  await until(() => terminal.modes === AS_BEFORE && !WATCHING.test(terminal.screen), 'it ends');
});

test('however it ends, the terminal is as it was', async (t) => {
  const s = testStation(t);
  const terminal = new Terminal(t, s.root, 100, 30);
  terminal.run('stty -g > .git/before; echo what stood there');
  await terminal.shows(/^what stood there/m);
  const ends: Readonly<Record<string, () => void>> = {
    q: () => terminal.key('q'),
    'Ctrl-C': () => terminal.key('C-c'),
    SIGTERM: () => kill('TERM'),
    SIGINT: () => kill('INT'),
    SIGHUP: () => kill('HUP'),
    'a broken ledger': () => appendFileSync(s.path('.git/waybill/ledger/000000000001.jsonl'), 'no record\n'),
  };
  const kill = (signal: string) => {
    process.kill(Number(s.read('.git/pid')), `SIG${signal}` as NodeJS.Signals);
  };
  for (const [name, end] of Object.entries(ends)) {
    terminal.run(
      `sh -c 'echo $$ > .git/pid; exec ${process.execPath} ${CLI} status --watch'; echo over $?; stty -g > .git/after`,
    );
    await terminal.shows(WATCHING);
    end();
    await until(() => !WATCHING.test(terminal.screen) && s.exists('.git/after'), `${name} ends it`);
    await terminal.shows(/^over \d+$/m);
    assert.equal(terminal.modes, AS_BEFORE, name);
    assert.equal(s.read('.git/after'), s.read('.git/before'), name);
    assert.match(terminal.screen, /^what stood there$/m, name);
    if (name === 'a broken ledger') assert.match(terminal.screen, /LEDGER_BROKEN/);
    else assert.match(terminal.screen, /^over 0$/m);
    terminal.run('rm .git/after; clear; echo what stood there');
    await until(() => !s.exists('.git/after') && !/over/.test(terminal.screen), 'the next one');
  }
});

test('Ctrl-Z gives the shell back, and fg the screen', async (t) => {
  const s = testStation(t);
  const terminal = new Terminal(t, s.root, 100, 30);
  terminal.waybill('status --watch');
  await terminal.shows(WATCHING);
  terminal.key('C-z');
  await terminal.shows(/Stopped/);
  assert.equal(terminal.modes, AS_BEFORE);
  terminal.run('fg');
  await terminal.shows(WATCHING);
  terminal.key('q');
  await until(() => terminal.modes === AS_BEFORE, 'it ends');
});

/** `status --watch` whose output goes into a pipe. */
function piped(t: TestContext, cwd: string, ...args: string[]): { lines: string[]; stop(): Promise<number | null> } {
  const child = spawn(process.execPath, [CLI, 'status', '--watch', ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = new Promise<number | null>((done) => child.once('exit', done));
  const stop = () => {
    child.kill('SIGINT');
    return gone;
  };
  t.defer(() => {
    child.kill('SIGKILL');
    return gone;
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  return { lines, stop };
}

test('into a pipe goes a block of text, or a line of JSON, for each change', async (t) => {
  const s = testStation(t, { policy: ANYTHING });
  await s.up(t);
  const [text, json] = [piped(t, s.root), piped(t, s.root, '--json')];
  await until(() => text.lines.length > 5 && json.lines.length > 0, 'both begin');
  s.drop(slow('WO-1', 'one'));
  type Told = { v: number; seq: number; running: { wo_id: string }[]; status: { lanes: { running: number }[] } };
  const last = () => JSON.parse(json.lines.at(-1) ?? '{}') as Told;
  await until(() => last().running[0]?.wo_id === 'WO-1', 'it runs');
  assert.equal(last().v, 1);
  assert.equal(last().status.lanes[0]?.running, 1);
  await until(() => text.lines.some((line) => /^ +\ds {2}WO-1 +running/.test(line)), 'it runs in words');
  s.write('go', '');
  await until(() => text.lines.some((line) => /succeeded +WO-1/.test(line)), 'it has ended');
  assert.equal(await text.stop(), 0);
  assert.equal(await json.stop(), 0);
  assert.ok(
    text.lines.every((line) => !line.includes('\u001b')),
    'no colours, no cursor',
  );
  const seqs = json.lines.map((line) => (JSON.parse(line) as Told).seq);
  assert.deepEqual(
    seqs,
    [...seqs].sort((a, b) => a - b),
  );
});

test.run();
