import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { assert, suite } from '../support/suite.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const CONFIG = join(ROOT, '.dependency-cruiser.cjs');

interface Cruise {
  totalCruised: number;
  violations: { from: string; to: string; rule: { name: string } }[];
}

/** For each rule: a file that breaks it and what that file imports. */
const PLANTED: Record<string, { file: string; imports: string }> = {
  'layer-order': { file: 'order/planted-layer.ts', imports: '../platform/planted.ts' },
  'layer-platform': { file: 'platform/planted-layer.ts', imports: '../git/planted.ts' },
  'layer-git': { file: 'git/planted-layer.ts', imports: '../station/planted.ts' },
  'layer-station': { file: 'station/planted-layer.ts', imports: '../policy/planted.ts' },
  'layer-policy': { file: 'policy/planted-layer.ts', imports: '../record/planted.ts' },
  'layer-stages': { file: 'guardrail/planted-layer.ts', imports: '../pipeline/planted.ts' },
  'layer-pipeline': { file: 'pipeline/planted-layer.ts', imports: '../mcp/planted.ts' },
  'layer-torture': { file: 'torture/planted-layer.ts', imports: '../cli/planted.ts' },
  'only-one-file-imports-chokidar': { file: 'platform/planted-chokidar.ts', imports: 'chokidar' },
  'only-one-file-imports-execa': { file: 'execute/planted-execa.ts', imports: 'execa' },
  'only-one-file-imports-fs-native-extensions': { file: 'queue/planted-fsx.ts', imports: 'fs-native-extensions' },
  'only-one-file-imports-pino': { file: 'record/planted-pino.ts', imports: 'pino' },
  'only-one-file-imports-node-cron': { file: 'pipeline/planted-cron.ts', imports: 'node-cron' },
  'only-one-file-imports-isomorphic-git': { file: 'git/planted-isogit.ts', imports: 'isomorphic-git' },
  'only-one-file-imports-@agentclientprotocol/sdk': {
    file: 'agents/planted-acp.ts',
    imports: '@agentclientprotocol/sdk',
  },
  'only-one-file-imports-@hono/node-server': { file: 'web/planted-server.ts', imports: '@hono/node-server' },
  'hono-only-in-web': { file: 'cli/planted-hono.ts', imports: 'hono' },
  'torture-and-views-are-apart': { file: 'views/planted-torture.ts', imports: '../torture/planted.ts' },
  'faces-are-apart': { file: 'web/planted-face.ts', imports: '../cli/planted.ts' },
  'only-one-file-imports-@opentelemetry': { file: 'record/planted-otel.ts', imports: '@opentelemetry/api' },
  'stages-do-not-import-each-other': { file: 'intake/planted-stage.ts', imports: '../queue/planted.ts' },
  'known-folders': { file: 'cli/planted-folder.ts', imports: '../somewhere/planted.ts' },
  'no-junk-drawers': { file: 'git/planted-drawer.ts', imports: './utils/planted.ts' },
  'order-is-pure': { file: 'order/planted-path.ts', imports: 'node:path' },
  'fs-only-in-platform': { file: 'station/planted-fs.ts', imports: 'node:fs/promises' },
  'child-process-only-in-platform': { file: 'git/planted-spawn.ts', imports: 'node:child_process' },
  'create-require-is-rare': { file: 'platform/planted-module.ts', imports: 'node:module' },
  'commander-only-in-cli': { file: 'web/planted-commander.ts', imports: 'commander' },
  'no-cycles': { file: 'spine/planted-cycle.ts', imports: './planted-cycles.ts' },
  resolvable: { file: 'agents/planted-nowhere.ts', imports: './no-such-file.ts' },
  'no-dev-dependencies': { file: 'cli/planted-dev.ts', imports: 'uvu' },
};

const ALLOWED = [
  { file: 'order/planted-allowed.ts', imports: 'node:path/posix' },
  { file: 'platform/planted-allowed.ts', imports: 'node:fs' },
  { file: 'pipeline/planted-allowed.ts', imports: '../intake/planted.ts' },
  { file: 'cli/planted-allowed.ts', imports: 'commander' },
  { file: 'cli/planted-face.ts', imports: '../web/planted.ts' },
];

const test = suite('import rules');

test('src keeps the import rules', () => {
  const { totalCruised, violations } = cruise(ROOT);
  assert.ok(totalCruised > 0, 'no module was read: the check checks nothing');
  assert.deepEqual(violations.map(describe), []);
});

test('every import rule finds a planted violation', (t) => {
  const folder = t.tempDir();
  for (const part of ['src', 'package.json', 'tsconfig.json']) {
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const { file, imports } of [...Object.values(PLANTED), ...ALLOWED]) {
    write(folder, file, `import '${imports}';\n`);
    if (imports.startsWith('..')) write(folder, join(dirname(file), imports), 'export {};\n');
  }
  write(folder, 'spine/planted-cycles.ts', `import './planted-cycle.ts';\n`);
  write(folder, 'git/utils/planted.ts', 'export {};\n');

  const { violations } = cruise(folder);
  for (const [rule, { file }] of Object.entries(PLANTED)) {
    const found = violations.some((it) => it.rule.name === rule && it.from === `src/${file}`);
    assert.ok(found, `${rule} does not find src/${file}`);
  }
  const wronged = violations.filter(({ from }) => ALLOWED.some(({ file }) => from === `src/${file}`));
  assert.deepEqual(wronged.map(describe), []);
});

test('every import rule has a planted violation', () => {
  const { forbidden } = createRequire(import.meta.url)(CONFIG) as { forbidden: { name: string }[] };
  assert.deepEqual(Object.keys(PLANTED).sort(), forbidden.map(({ name }) => name).sort());
});

test.run();

function cruise(folder: string): Cruise {
  const depcruise = join(ROOT, 'node_modules/.bin/depcruise');
  const { stdout, stderr } = spawnSync(depcruise, ['src', '--config', CONFIG, '--output-type', 'json'], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  assert.ok(stdout.startsWith('{'), stderr);
  return (JSON.parse(stdout) as { summary: Cruise }).summary;
}

function write(folder: string, file: string, text: string): void {
  const path = join(folder, 'src', file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function describe({ rule, from, to }: Cruise['violations'][number]): string {
  return `${rule.name}: ${from} -> ${to}`;
}
