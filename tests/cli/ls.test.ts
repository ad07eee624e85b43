import { columnsOf, cutStyled, padTo } from '../../src/cli/terminal/columns.ts';
import { formatOf } from '../../src/cli/terminal/format.ts';
import { testStation } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';
import { Terminal } from '../support/terminal.ts';

const test = suite('cli/ls', { needs: ['git', 'tmux'], timeoutMs: 200_000 });

const TITLE = `\u001b[2Jone \u202etwo\tthree ${'日本語'.repeat(40)}`;

test('the table fits the terminal, whatever stands in a title', async (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-1', title: TITLE, files: [{ path: 'a.txt', content: 'a\n' }] });
  s.drop({ wo_id: `WO-${'long'.repeat(20)}`, title: 'two', files: [{ path: 'b.txt', content: 'b\n' }] });
  s.drain();
  const terminal = new Terminal(t, s.root, 72, 20);
  terminal.waybill('ls; echo over');
  await terminal.shows(/^over$/m);
  const lines = terminal.lines();
  const head = lines.findIndex((line) => line.startsWith('ORDER'));
  assert.match(lines[head + 1] ?? '', /^WO-long\S*… {2}done {7}P2 +\d+s {2}MAIN {2}two$/);
  assert.match(lines[head + 2] ?? '', /^WO-1 +done +P2 +\d+s {2}MAIN {2}.*two three.*…$/);
  assert.ok(lines.every((line) => columnsOf(line) <= 72));
  assert.equal(lines[head + 3], 'over', 'one line each');
  const piped = s.waybill('ls').stdout.split('\n');
  assert.equal(piped.length, 3, 'no heading, and a line each');
  assert.match(piped.join('\n'), /日本語$/m, 'all of the title');
});

test("--format: fields of the state file, nested ones with dots, and other people's text stays in its field", (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-1', title: 'a\tb\u001b[2J', files: [{ path: 'a.txt', content: 'a\n' }], tags: ['x', 'y'] });
  s.drain();
  const format = (template: string) => s.waybill('ls', '--format', template);
  assert.equal(format('{wo_id}\\t{status}|{title}\\n--').stdout, 'WO-1\tdone|a b [2J\n--\n');
  assert.equal(format('{{{requester.lane}}} {tags} {last_error.code}.{meta.born}').stdout, '{MAIN} x,y .2\n');
  const hostile = { ...s.state('WO-1'), title: 'a\u001b[2J\nb\u202e' };
  assert.equal(formatOf('{title}|')(hostile), 'a\ufffd[2J b\ufffd|');
  assert.equal(format('{constructor}').code, 64);
  assert.match(format('{titel}').stderr, /did you mean \{title\}\?.*wo_id, title/s);
  assert.match(format('{title.x}').stderr, /knows no field/);
  assert.match(format('{title').stderr, /lone \{/);
});

test('filters go together, and nothing found is said', (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-1', title: 'Alpha beta', files: [{ path: 'a.txt', content: 'a\n' }] });
  s.drop({ wo_id: 'WO-2', title: 'alpha', hold: true, files: [{ path: 'b.txt', content: 'b\n' }] });
  s.drop({ wo_id: 'WO-3', title: 'gamma', files: [{ path: '../x', content: '' }] });
  s.drain();
  const ids = (...args: string[]) =>
    s
      .waybill('ls', '--format', '{wo_id}', ...args)
      .stdout.split('\n')
      .filter((id) => id !== 'No such orders.' && id !== '')
      .sort();
  assert.deepEqual(ids('--search', 'ALPHA'), ['WO-1', 'WO-2']);
  assert.deepEqual(ids('--search', 'beta wo-1'), ['WO-1']);
  assert.deepEqual(ids('--waiting', 'hold'), ['WO-2']);
  assert.deepEqual(ids('--search', 'alpha', '--status', 'done'), ['WO-1']);
  const { code } = (
    JSON.parse(s.waybill('show', 'WO-3', '--json').stdout) as { state: { last_error: { code: string } } }
  ).state.last_error;
  assert.deepEqual(ids('--code', code.toLowerCase()), ['WO-3']);
  assert.deepEqual(ids('--type', 'nothing'), []);
  assert.equal(s.waybill('ls', '--lane', 'NONE').stdout, 'No such orders.\n');
  assert.equal(s.waybill('ls', '--waiting', 'godot').code, 64);
});

test('columns: what is wide takes two, marks none, and colours none', () => {
  assert.equal(columnsOf('日本'), 4);
  assert.equal(columnsOf('e\u0301'), 1);
  assert.equal(padTo('ab', 4), 'ab  ');
  assert.equal(padTo('abcdef', 4), 'abc…');
  const red = (text: string) => `\u001b[31m${text}\u001b[39m`;
  assert.equal(cutStyled(`${red('abc')}def`, 6), `${red('abc')}def`);
  assert.equal(cutStyled(`${red('abc')}def`, 5), `${red('abc')}d…`);
  assert.equal(cutStyled(`${red('abcdef')}gh`, 4), `${red('abc…')}`);
  assert.equal(cutStyled(red('x'.repeat(500)), null), red('x'.repeat(500)));
});

test.run();
