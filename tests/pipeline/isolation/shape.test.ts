import { existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { isolatedStation, strays, worktreeNames, worktreesOf } from '../../support/isolation.ts';
import { assert, suite } from '../../support/suite.ts';

const shape = suite('what a worktree is made of', { timeoutMs: 200_000 });

const order = (wo_id: string, command: string, more: object = {}) => ({
  wo_id,
  title: wo_id,
  actions: [{ action: 'command', command, ...more }],
});

shape('ignored files of the root are linked or copied in; they are no changes, and cleaning follows no link', (t) => {
  const s = isolatedStation(t, { isolation: '{commands: worktree, link: [deps, absent], copy: [conf.log]}' });
  s.write('.git/info/exclude', `${s.read('.git/info/exclude')}deps\n`);
  s.write('deps/lib/precious.txt', 'precious\n');
  s.write('conf.log', 'conf\n');
  s.drop(order('WO-1', 'cat deps/lib/precious.txt conf.log > seen.txt; echo more >> conf.log'));
  s.drain();
  assert.deepEqual(s.result('WO-1').files_touched, ['seen.txt']);
  assert.equal(s.read('seen.txt'), 'precious\nconf\n');
  assert.equal(s.read('conf.log'), 'conf\n', 'a copy is a copy');
  // it is put there again for the next one, whatever became of it
  s.drop(order('WO-2', 'rm deps; mkdir -p deps/lib; echo other > deps/lib/precious.txt; cat conf.log > conf.txt'));
  s.drop(order('WO-3', 'cat deps/lib/precious.txt > again.txt'));
  s.drain();
  assert.equal(s.read('conf.txt'), 'conf\n');
  assert.equal(s.read('again.txt'), 'precious\n');
  assert.equal(s.read('deps/lib/precious.txt'), 'precious\n');
  s.waybill('worktrees', 'clean');
  s.drain();
  assert.deepEqual(worktreeNames(s), []);
  assert.equal(s.read('deps/lib/precious.txt'), 'precious\n', 'rule 1: the link went, not what it leads to');
  assert.deepEqual(strays(s), []);
});

shape(
  'sparse: only some folders are checked out, with those that the order names; the rest stays as committed',
  (t) => {
    const s = isolatedStation(t, {
      isolation: '{commands: worktree, sparse: [src]}',
      files: { 'src/a/one.txt': '1\n', 'docs/two.txt': '2\n', 'big/three.txt': '3\n', 'named/four.txt': '4\n' },
    });
    s.drop(
      order('WO-1', 'find . -type f -not -name .git -not -name list.txt | sort > list.txt; echo 1 >> src/a/one.txt'),
    );
    s.drain();
    const names = ['.gitignore', 'a.txt', 'b.txt', 'policy.yaml', 'src/a/one.txt', 'waybill.yaml'];
    assert.equal(s.read('list.txt'), names.map((name) => `./${name}\n`).join(''));
    assert.deepEqual(s.result('WO-1').files_touched.sort(), ['list.txt', 'src/a/one.txt']);
    assert.equal(s.read('docs/two.txt'), '2\n');
    s.drop({
      wo_id: 'WO-2',
      title: 'x',
      files: [{ path: 'named/four.txt', content: 'four\n' }],
      actions: [{ action: 'command', command: 'cat named/four.txt > seen.txt; ls -d docs big > not.log; true' }],
    });
    s.drain();
    assert.equal(s.state('WO-2').status, 'done', JSON.stringify(s.state('WO-2').last_error));
    assert.equal(s.read('seen.txt'), 'four\n');
    // a command may write where nothing is checked out: that counts like any other change
    s.drop(order('WO-3', 'mkdir -p docs && echo other > docs/two.txt'));
    s.drain();
    assert.equal(s.read('docs/two.txt'), 'other\n');
    s.drop(order('WO-4', 'test ! -e docs && echo clean > clean.txt'));
    s.drain();
    assert.equal(s.state('WO-4').status, 'done', JSON.stringify(s.state('WO-4').last_error));
    assert.doesNotMatch(s.git('config', '--local', '--list'), /sparse|worktree/);
    assert.deepEqual(strays(s), []);
  },
);

shape('commands in it find its repository and none above it, and folders by their path from the root', (t) => {
  const s = isolatedStation(t, { files: { 'sub/here.txt': 'h\n' } });
  s.drop(
    order(
      'WO-1',
      'pwd > at.txt; git rev-parse --show-toplevel > top.txt; echo $GIT_CEILING_DIRECTORIES > ceiling.txt',
      { cwd: 'sub' },
    ),
  );
  s.drop(order('WO-2', 'true', { cwd: '../..' }));
  s.drain();
  const [name = ''] = worktreeNames(s);
  const at = join(worktreesOf(s), name);
  assert.equal(s.state('WO-1').status, 'done', JSON.stringify(s.state('WO-1').last_error));
  assert.deepEqual(
    [s.read('sub/at.txt'), s.read('sub/top.txt'), s.read('sub/ceiling.txt')],
    [`${at}/sub\n`, `${at}\n`, `${worktreesOf(s)}\n`],
  );
  assert.equal(s.state('WO-2').last_error?.code, 'PATH_DENIED');
  assert.ok(existsSync(at) && lstatSync(join(at, '.git')).isFile());
  const listed = s.waybill('worktrees');
  assert.match(listed.stdout, new RegExp(`^idle .* ${name}|^idle.*${name}`, 'm'));
  const json = JSON.parse(s.waybill('worktrees', '--json').stdout) as {
    v: number;
    worktrees: { state: string; bytes: number }[];
  };
  assert.equal(json.v, 1);
  assert.ok(json.worktrees.every(({ bytes }) => bytes > 0));
  assert.equal(s.waybill('worktrees', 'burn').code, 64);
});

shape.run();
