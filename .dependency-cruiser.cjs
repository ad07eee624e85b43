/**
 * The import rules of ARCHITECTURE.md. tests/tooling/imports.test.ts plants a violation of each kind.
 * @type {import('dependency-cruiser').IConfiguration}
 */

/** Left to right: a layer imports itself and the layers before it. */
const LAYERS = [
  ['order'],
  ['platform'],
  ['git'],
  ['station'],
  ['policy'],
  ['intake', 'queue', 'execute', 'agents', 'spine', 'record', 'guardrail', 'backlog', 'documents'],
  ['pipeline'],
  ['torture', 'views'],
  ['cli', 'web', 'mcp'],
];
const STAGES = LAYERS[5];

/** Packages that do I/O: each is imported by one file. */
const OWNERS = {
  '@agentclientprotocol/sdk': 'src/agents/acp/connection.ts',
  chokidar: 'src/platform/watch.ts',
  execa: 'src/platform/process.ts',
  'fs-native-extensions': 'src/platform/native.ts',
  pino: 'src/platform/log.ts',
  'node-cron': 'src/platform/schedule.ts',
  '@hono/node-server': 'src/web/server.ts',
  'isomorphic-git': 'src/git/objects/independent.ts',
  '@opentelemetry': 'src/platform/otlp/exporter.ts',
};

const inFolders = (folders) => `^src/(${folders.join('|')})/`;
const exactly = (file) => `^${file.replaceAll('.', '\\.')}$`;
const npmPackage = (name) => `(^|node_modules/)${name}(/|$)`;
const builtin = (names) => `^(node:)?(${names})(/|$)`;
const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

const layers = LAYERS.slice(0, -1).map((folders, index) =>
  forbid(
    `layer-${index === 5 ? 'stages' : folders[0]}`,
    'A layer imports only itself and the layers to its left.',
    { path: inFolders(folders) },
    { path: inFolders(LAYERS.slice(index + 1).flat()) },
  ),
);

const owners = Object.entries(OWNERS).map(([name, file]) =>
  forbid(
    `only-one-file-imports-${name}`,
    `${name} is imported by ${file} alone.`,
    { path: '^src/', pathNot: exactly(file) },
    { path: npmPackage(name) },
  ),
);

module.exports = {
  forbidden: [
    ...layers,
    ...owners,
    forbid(
      'stages-do-not-import-each-other',
      'The pipeline wires the stages.',
      { path: `^src/(${STAGES.join('|')})/` },
      { path: inFolders(STAGES), pathNot: '^src/$1/' },
    ),
    forbid(
      'torture-and-views-are-apart',
      'Neither is for the other.',
      { path: '^src/(torture|views)/' },
      { path: '^src/(torture|views)/', pathNot: '^src/$1/' },
    ),
    forbid(
      'faces-are-apart',
      'What two faces show is in views/.',
      { path: '^src/(web|mcp)/' },
      { path: '^src/(cli|web|mcp)/', pathNot: '^src/$1/' },
    ),
    forbid(
      'hono-only-in-web',
      'Only the dashboard speaks HTTP to people.',
      { path: '^src/', pathNot: '^src/web/' },
      { path: '(^|node_modules/)(@hono/node-server|hono)(/|$)' },
    ),
    forbid(
      'known-folders',
      'A new folder in src/ is a new layer: name it here and in ARCHITECTURE.md.',
      {},
      { path: `^src/(?!(${LAYERS.flat().join('|')})/)` },
    ),
    forbid(
      'no-junk-drawers',
      'Name a folder after what it is about.',
      {},
      { path: '/(utils?|helpers?|common|misc|managers?)/', pathNot: 'node_modules/' },
    ),
    forbid(
      'order-is-pure',
      'order/ knows no operating system.',
      { path: '^src/order/' },
      { dependencyTypes: ['core'], pathNot: builtin('buffer|crypto|path/posix|util') },
    ),
    forbid(
      'fs-only-in-platform',
      'Files are touched through platform/.',
      { path: '^src/', pathNot: '^src/platform/' },
      { path: builtin('fs') },
    ),
    forbid(
      'child-process-only-in-platform',
      'Processes are started through platform/.',
      { path: '^src/', pathNot: '^src/platform/' },
      { path: builtin('child_process') },
    ),
    forbid(
      'create-require-is-rare',
      'createRequire hides imports from these rules: native.ts loads an addon, schema.ts loads its compiler late.',
      { path: '^src/', pathNot: '^src/platform/(native|schema)\\.ts$' },
      { path: builtin('module') },
    ),
    forbid(
      'commander-only-in-cli',
      'Only the command line parses arguments.',
      { path: '^src/', pathNot: '^src/cli/' },
      { path: npmPackage('commander') },
    ),
    forbid('no-cycles', 'Files that import each other are one file.', { path: '^src/' }, { circular: true }),
    forbid('resolvable', 'The import leads nowhere.', { path: '^src/' }, { couldNotResolve: true }),
    forbid(
      'no-dev-dependencies',
      'The product runs without devDependencies.',
      { path: '^src/' },
      { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    // Types count: a type from a layer to the right is a dependency on it as well.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
