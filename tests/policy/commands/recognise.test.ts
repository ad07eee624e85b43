import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type CommandPlace, recognise } from '../../../src/policy/commands/recognise.ts';
import { assert, suite } from '../../support/suite.ts';
import { placeFor, program, put } from './places.ts';

const test = suite('policy/commands/recognise');

/** What a command reads by when its order writes these files first. */
function readsWith(place: CommandPlace, written: readonly string[], run: string | readonly string[]) {
  return recognise(typeof run === 'string' ? { shell: run } : { argv: run }, place, written).reads;
}

function reads(place: CommandPlace, ...argv: string[]): readonly string[] {
  const found = recognise({ argv }, place);
  assert.ok(found.kind === 'program', argv.join(' '));
  return found.reads;
}

test('rule 8: a simple line and its words are the same program', (t) => {
  const place = placeFor(t);
  const found = recognise({ argv: ['git', 'log', 'a b'] }, place);
  assert.deepEqual(found, {
    kind: 'program',
    argv: ['git', 'log', 'a b'],
    program: join(place.path, 'git'),
    reads: [],
  });
  assert.deepEqual(recognise({ shell: `git  log 'a b'\n` }, place), found);
});

test('rule 7: what is no program with exact words says why', (t) => {
  const place = placeFor(t);
  const whys: [string, RegExp][] = [
    ['git log | cat', /pipes/],
    ['cd scripts', /shell itself/],
    ['exit 3', /shell itself/],
    ['A=b git log', /variable/],
    ['nothere x', /no program "nothere"/],
    ['notes.txt', /no program/],
    ['./notes.txt', /no program/],
  ];
  for (const [line, why] of whys) {
    const found = recognise({ shell: line }, place);
    assert.ok(found.kind === 'compound' && why.test(found.why) && found.line === line, line);
  }
  for (const argv of [[], [''], ['nothere'], ['git', 'a\0b'], ['git', 'a\u202eb'], ['git', 'a\u200bb'], ['scripts']])
    assert.equal(recognise({ argv }, place).kind, 'compound', JSON.stringify(argv));
});

test('without a shell nothing in the words means anything', (t) => {
  const found = recognise({ argv: ['git', 'log', '$(x)', '*', ';', 'a\nb', '~'] }, placeFor(t));
  assert.ok(found.kind === 'program');
  assert.equal(found.argv[5], 'a\nb');
});

test('a program inside the root is a file that decides what it does, also through a link', (t) => {
  const place = placeFor(t);
  assert.deepEqual(reads(place, './scripts/run.sh', 'notes.txt'), ['scripts/run.sh']);
  symlinkSync(join(place.root, 'scripts/run.sh'), join(place.path, 'build'));
  assert.deepEqual(reads(place, 'build'), ['scripts/run.sh']);
  assert.deepEqual(reads({ ...place, cwd: join(place.root, 'scripts') }, './run.sh'), ['scripts/run.sh']);
});

test('the files that an interpreter is given decide what it does', (t) => {
  const place = placeFor(t);
  put(join(place.root, 'tool/index.js'));
  put(join(place.root, 'pkg/mod.py'));
  assert.deepEqual(reads(place, 'node', 'scripts/check.mjs'), ['scripts/check.mjs']);
  assert.deepEqual(reads(place, 'node', '--import', './scripts/check.mjs', 'tool'), [
    'scripts/check.mjs',
    'tool/index.js',
  ]);
  assert.deepEqual(reads(place, 'node', '--import=./scripts/check.mjs', 'scripts/check'), ['scripts/check.mjs']);
  assert.deepEqual(reads(place, 'python3', '-m', 'pkg.mod'), ['pkg/mod.py']);
  assert.deepEqual(reads(place, 'bash', './scripts/run.sh', 'notes.txt'), ['notes.txt', 'scripts/run.sh']);
  assert.deepEqual(reads(place, 'awk', '-fnotes.txt'), ['notes.txt']);
  assert.deepEqual(reads(place, 'cat', 'notes.txt'), [], 'what is only read decides nothing');
  assert.deepEqual(reads(place, 'node', '/etc/passwd', '../bin/git'), [], 'outside the root');
});

test('runners take their orders from files beside and above them', (t) => {
  const place = placeFor(t);
  assert.deepEqual(reads(place, 'npm', 'test'), ['package.json']);
  put(join(place.root, 'web/package.json'));
  put(join(place.root, 'web/.npmrc'));
  const web = { ...place, cwd: join(place.root, 'web') };
  assert.deepEqual(reads(web, 'npm', 'test'), ['package.json', 'web/.npmrc', 'web/package.json']);
  assert.deepEqual(reads(place, 'npm', '--prefix', 'web', 'test'), ['package.json', 'web/.npmrc', 'web/package.json']);
  assert.deepEqual(reads(place, 'make', 'all'), ['Makefile']);
  put(join(place.root, 'Cargo.toml'));
  put(join(place.root, '.cargo/config.toml'));
  assert.deepEqual(reads(place, 'cargo', 'build'), ['.cargo/config.toml', 'Cargo.toml']);
  put(join(place.root, 'tests/conftest.py'));
  assert.deepEqual(reads(place, 'pytest', 'tests'), ['tests/conftest.py']);
  assert.deepEqual(reads(place, 'git', 'status'), []);
});

test('what a wrapper starts decides as well', (t) => {
  const place = placeFor(t);
  assert.deepEqual(reads(place, 'timeout', '5', 'env', 'A=b', 'node', 'scripts/check.mjs'), ['scripts/check.mjs']);
  assert.deepEqual(reads(place, 'sh', '-c', 'cd x; make all'), ['Makefile']);
  assert.deepEqual(reads(place, 'nice', './scripts/run.sh'), ['scripts/run.sh']);
});

test('rule 9: a file that a link leads out of the root is none of the root, and the root may be a link itself', (t) => {
  const place = placeFor(t);
  symlinkSync('/etc/passwd', join(place.root, 'out.sh'));
  symlinkSync('scripts/check.mjs', join(place.root, 'in.mjs'));
  assert.deepEqual(reads(place, 'sh', 'out.sh'), []);
  assert.deepEqual(reads(place, 'node', 'in.mjs'), ['scripts/check.mjs']);
  symlinkSync(place.root, join(place.path, '../also'));
  const also = join(place.path, '../also');
  assert.deepEqual(reads({ ...place, root: also, cwd: also }, 'node', 'in.mjs'), ['scripts/check.mjs']);
});

test('a program found nowhere else than in the root is the root’s', (t) => {
  const place = placeFor(t);
  program(join(place.root, 'node_modules/.bin/lint'));
  const path = `${place.root}/node_modules/.bin:${place.path}`;
  assert.deepEqual(reads({ ...place, path }, 'lint'), ['node_modules/.bin/lint']);
});

test('rule 8: a file that is not there yet, but will be when it runs, decides as well', (t) => {
  const place = placeFor(t);
  symlinkSync('scripts', join(place.root, 'link'));
  for (const [run, written, read] of [
    [['sh', 'scripts/new.sh'], ['scripts/new.sh', 'other.sh'], 'scripts/new.sh'],
    [['sh', './link/deep/new.sh'], ['scripts/deep/new.sh'], 'scripts/deep/new.sh'],
    [['bash', join(place.root, 'new/er/x')], ['new/er/x'], 'new/er/x'],
    [['node', 'lib/tool'], ['lib/tool.js'], 'lib/tool.js'],
    [['./new.sh'], ['new.sh'], 'new.sh'],
    [['sh', 'Scripts/NEW.sh'], ['scripts/new.sh'], 'scripts/new.sh'],
    [['sh', 'scripts/new.sh'], ['Scripts/New.sh'], 'Scripts/New.sh'],
    [['go', 'test'], ['x_test.go'], 'x_test.go'],
    [['npm', '--prefix', 'web', 'test'], ['web/package.json'], 'web/package.json'],
    [['cat', 'new.txt'], ['new.txt'], null],
    [['sh', '../repo2/new.sh'], ['new.sh'], null],
  ] as const)
    assert.deepEqual(
      readsWith(place, written, run).filter((path) => path !== 'package.json'),
      read === null ? [] : [read],
      run.join(' '),
    );
  const { cwd } = place;
  assert.deepEqual(readsWith({ ...place, cwd: join(cwd, 'scripts') }, ['scripts/x.sh'], ['sh', 'x.sh']), [
    'scripts/x.sh',
  ]);
});

test('rule 8: a line for a shell is read by what it might start', (t) => {
  const place = placeFor(t);
  put(join(place.root, 'web/package.json'));
  assert.deepEqual(readsWith(place, [], 'make all && echo ok'), ['Makefile']);
  assert.deepEqual(readsWith(place, [], 'cd web; npm test | tail -1'), ['package.json', 'web/package.json']);
  assert.deepEqual(readsWith(place, ['tools/x.sh'], 'cd tools && sh ./x.sh'), ['tools/x.sh']);
  assert.deepEqual(readsWith(place, ['tools/x.sh'], 'tools/x.sh > out'), ['tools/x.sh']);
  assert.deepEqual(readsWith(place, ['x'], 'cat x | wc -l'), []);
  assert.deepEqual(readsWith(place, ['x'], ['sh', 'x\0']), []);
});

test.run();
