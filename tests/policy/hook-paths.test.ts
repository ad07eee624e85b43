import { isHookPath, makesToolsRun } from '../../src/policy/hook-paths.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('policy/hook-paths');

test('rule 9: files from which git takes hooks are known', () => {
  for (const path of [
    '.husky/pre-commit',
    '.husky/_/x',
    '.githooks/x',
    './.husky/x',
    'web/.husky/x',
    '.HUSKY/x',
    'a/../.githooks/x',
  ])
    assert.ok(isHookPath(path, null), path);
  for (const path of ['husky/x', '.husky.js', 'src/githooks/x', 'README.md', 'tools/hooks/x'])
    assert.equal(isHookPath(path, null), false, path);
  for (const folder of ['tools/hooks', './tools/hooks/', 'Tools/Hooks']) {
    assert.ok(isHookPath('tools/hooks/pre-push', folder), folder);
    assert.ok(isHookPath('tools/hooks', folder), 'the folder itself: a file or a link in its place');
    assert.equal(isHookPath('tools/hooks2/x', folder), false);
    assert.equal(isHookPath('tools/x', folder), false);
  }
  assert.ok(isHookPath('pre-commit', '.'), 'the root itself');
  assert.equal(isHookPath('src/a.ts', '.'), false);
  assert.equal(isHookPath('x', '../elsewhere'), false);
});

test('files that make tools run programs are known, in whatever folder they stand', () => {
  const run =
    `.claude/settings.json .claude/settings.local.json .claude/hooks/x.sh .codex/config.toml .gemini/settings.json .mcp.json .vscode/tasks.json
    .vscode/settings.json .vscode/launch.json .idea/workspace.xml .envrc .pre-commit-config.yaml lefthook.yml .gitattributes .gitmodules .npmrc .yarnrc
    .yarnrc.yml web/.npmrc a/b/.vscode/tasks.json .VSCode/Tasks.json ./x/../.envrc .cursor/mcp.json x.code-workspace`.split(
      /\s+/,
    );
  assert.deepEqual(
    run.filter((path) => !makesToolsRun(path)),
    [],
  );
  const plain = `src/a.ts README.md .claude/notes.md .vscode/extensions.json settings.json .gitignore package.json docs/envrc idea/x .gemini/x claude/settings.json`;
  assert.deepEqual(plain.split(' ').filter(makesToolsRun), []);
});

test.run();
