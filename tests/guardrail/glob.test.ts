import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { guarded, guardedStation, guardrailOf } from '../support/guarded.ts';
import { assert, suite } from '../support/suite.ts';

/** A glob: those on disk, those in HEAD and those that were seen, each looked after as a file. */

const test = suite('guardrail/glob', { needs: ['git'], timeoutMs: 120_000 });

const files = {
  'agents/a/a.zsh': 'a\n',
  'agents/b/b.zsh': 'b\n',
  'agents/.hidden.zsh': 'h\n',
  'agents/readme.md': 'r\n',
};
const GLOB = { components: ["{kind: glob, pattern: 'agents/**/*.zsh', at_least: 2}"], files };

test('a file of it that goes is missing by its own name, also where the glob was never looked at with it', async (t) => {
  const s = guardedStation(t, GLOB);
  rmSync(s.path('agents/a'), { recursive: true });
  const g = await guardrailOf(t, s);
  assert.deepEqual(await g.faults(), ['agents/a/a.zsh missing']);
  rmSync(s.path('agents'), { recursive: true });
  assert.deepEqual((await g.faults()).sort(), [
    'agents/.hidden.zsh missing',
    'agents/a/a.zsh missing',
    'agents/b/b.zsh missing',
    'glob:agents/**/*.zsh too_few',
  ]);
  assert.equal(g.guardrail.last?.components, 3);
});

test('files that commits add belong to it, and files that commits take away do not', async (t) => {
  const g = await guarded(t, GLOB);
  assert.deepEqual(await g.faults(), []);
  g.s.write('agents/c/c.zsh', 'c\n');
  g.s.commitAll('Add');
  await g.look();
  assert.equal(g.guardrail.last?.components, 4);
  g.s.git('rm', '--quiet', 'agents/c/c.zsh');
  g.s.git('commit', '--quiet', '-m', 'Take away');
  assert.deepEqual(await g.faults(), []);
  g.s.git('mv', 'agents/a/a.zsh', 'agents/a/renamed.zsh');
  g.s.git('commit', '--quiet', '-m', 'Rename');
  assert.deepEqual(await g.faults(), []);
  assert.equal(g.guardrail.last?.components, 3);
});

test('a file that is gone with the commit that had it is missing', async (t) => {
  const g = await guarded(t, GLOB);
  g.s.write('agents/c/c.zsh', 'c\n');
  g.s.commitAll('Add');
  await g.look();
  g.s.git('reset', '--quiet', '--hard', 'HEAD~1');
  assert.deepEqual(await g.faults(), ['agents/c/c.zsh missing']);
});

test('temporary files that come and go belong to nobody', async (t) => {
  const g = await guarded(t, { ...GLOB, components: ["{kind: glob, pattern: 'agents/**'}"] });
  await g.look();
  writeFileSync(g.s.path('agents/a/.a.zsh.swp'), 'x');
  assert.deepEqual(await g.faults(), []);
  renameSync(g.s.path('agents/a/.a.zsh.swp'), g.s.path('agents/a/4913'));
  assert.deepEqual(await g.faults(), []);
  rmSync(g.s.path('agents/a/4913'));
  assert.deepEqual(await g.faults(), []);
});

test('too few files, and none at all', async (t) => {
  const g = await guarded(t, {
    ...GLOB,
    components: ["{kind: glob, pattern: 'none/*.txt'}", "{kind: glob, pattern: 'maybe/*', at_least: 0}"],
  });
  assert.deepEqual(await g.faults(), ['glob:none/*.txt too_few']);
  g.s.write('none/x.txt', 'x\n');
  assert.deepEqual(await g.faults(), []);
});

test('git’s own folder and installed packages are not looked into', async (t) => {
  const g = await guarded(t, { components: ["{kind: glob, pattern: '**/HEAD', at_least: 0}"], files });
  mkdirSync(g.s.path('node_modules/x'), { recursive: true });
  writeFileSync(g.s.path('node_modules/x/HEAD'), 'x');
  await g.look();
  assert.equal(g.guardrail.last?.components, 0);
});

test('a file that is named too is looked at as it is named', async (t) => {
  const components = ["{kind: glob, pattern: 'agents/**/*.zsh'}", '{kind: file, path: agents/a/a.zsh, content: any}'];
  const g = await guarded(t, { ...GLOB, components });
  await g.look();
  assert.equal(g.guardrail.last?.components, 3);
  g.s.write('agents/a/a.zsh', 'changed\n');
  g.s.write('agents/b/b.zsh', 'changed\n');
  assert.deepEqual(await g.faults(), ['agents/b/b.zsh altered']);
});

test('where git cannot be asked, what was missing has not recovered', async (t) => {
  const g = await guarded(t, GLOB);
  await g.look();
  rmSync(g.s.path('agents/a/a.zsh'));
  await g.look();
  const branch = g.s.read('.git/refs/heads/main');
  writeFileSync(g.s.path('.git/refs/heads/main'), `${'1'.repeat(40)}\n`);
  const faults = await g.faults();
  assert.ok(faults.includes('agents/a/a.zsh missing'), faults.join());
  assert.ok(faults.includes('glob:agents/**/*.zsh check_failed'), faults.join());
  writeFileSync(g.s.path('.git/refs/heads/main'), branch);
  assert.deepEqual(await g.faults(), ['agents/a/a.zsh missing']);
  assert.ok(!g.alerts().some((line) => line.includes('RECOVERED: agents/')), g.alerts().join('\n'));
});

test.run();
