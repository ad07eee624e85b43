import { homedir } from 'node:os';
import { pathMatches } from '../../src/policy/paths.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('policy/paths');

const ROOT = '/srv/repo';

test('rule 9: a pattern means paths below the root, in any capitals, with all that lies below a plain name', () => {
  for (const [pattern, yes, no] of [
    ['docs/**', ['docs/a', 'docs/a/b', 'docs/.hidden', 'DOCS/A'], ['docsx/a', 'a/docs/b']],
    ['secrets/', ['secrets/x', 'secrets', 'Secrets/deep/x'], ['secrets2', 'a/secrets']],
    ['./deploy/key.pem', ['deploy/key.pem', 'deploy/KEY.pem'], ['deploy/key.pem2', 'x/deploy/key.pem']],
    ['**/*.env', ['.env', 'a/prod.env', 'a/b/.env', 'a/.env/x'], ['a/env']],
    ['*.md', ['README.md', 'README.MD'], ['docs/a.md']],
    ['**', ['a', '.a/b', 'a/b/c'], []],
    ['a[1].txt', ['a1.txt', 'a[1].txt'], ['a2.txt']],
    ['{a,b}/c', ['a/c', 'b/c/d'], ['c/c']],
  ] as const) {
    for (const path of yes) assert.ok(pathMatches(ROOT, pattern, path), `${pattern} ${path}`);
    for (const path of no) assert.ok(!pathMatches(ROOT, pattern, path), `${pattern} not ${path}`);
  }
});

test('rule 9: a pattern for roots outside is absolute, from home or up from the root, and never means what lies inside', () => {
  for (const [pattern, yes, no] of [
    ['/etc/app/**', ['/etc/app/x', '/etc/app/.x'], ['/etc/apps/x', 'etc/app/x']],
    ['../Library/LaunchAgents', ['/srv/Library/LaunchAgents/x.plist'], ['Library/LaunchAgents/x', '/srv/Library/x']],
    ['~/w/', [`${homedir()}/w/x`], ['/home/other/w/x', 'w/x']],
    ['**', [], ['/etc/passwd']],
  ] as const) {
    for (const path of yes) assert.ok(pathMatches(ROOT, pattern, path), `${pattern} ${path}`);
    for (const path of no) assert.ok(!pathMatches(ROOT, pattern, path), `${pattern} not ${path}`);
  }
});

test('one pattern is another in another root', () => {
  assert.ok(pathMatches('/a/repo', '../out', '/a/out/x'));
  assert.ok(!pathMatches('/b/repo', '../out', '/a/out/x'));
});

test.run();
