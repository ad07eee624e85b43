/** A temporary station in which something of everything is going on, for the screenshots of the docs: real orders through the real processors. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';

export const CLI = resolve(import.meta.dirname, '../../dist/cli/main.js');

const SETTINGS = `version: 1
worktrees: {idle: 0}
lanes: {MAIN: {concurrency: 2}, DOCS: {}, OPS: {}}
guardrail:
  every_seconds: 10
  components:
    - {kind: file, path: tools/greet.sh, executable: true, repair: auto}
    - {kind: file, path: tools/index.sh, executable: true}
    - {kind: file, path: docs/runbook.md}
`;

/** `key`: the public half of the approver's. */
const policyWith = (key: string) => `version: 1
approvers:
  - {name: Anna, users: [${userInfo().username}], keys: ["${key}"]}
rules:
  - name: tools of this repository
    class: safe
    commands:
      - [sh, tools/greet.sh]
      - [sh, tools/index.sh]
      - [sh, tools/suite.sh]
      - "false"
  - {name: releases, class: ask, proof: ssh, paths: [releases/]}
missions:
  rules:
    - {name: money, paths: [billing/], checkpoints: [steward], why: people look at money}
`;

/** Plays every role: reads its prompt, hands in its packet, as a coding agent would. */
const AGENT = `import { mkdirSync, writeFileSync } from 'node:fs';
const task = await new Promise((done) => { let text = ''; process.stdin.on('data', (d) => { text += d; }).on('end', () => done(text)); });
const path = /(?:Write|Round) (\\S+\\.\\w+)/.exec(task)?.[1] ?? 'docs/notes.txt';
const packets = {
  build_packet: { goal: path + ' says what is asked.', approach: 'One short file.', steps: ['write it'], files: [{ path, change: 'create', why: 'it is asked for' }], tests: [], risks: [] },
  build_report: { summary: 'Written.', changed: [{ path, what: 'all of it' }], tests_run: [], open_questions: [] },
  verdict: { verdict: 'approved', summary: 'It says what is there.', findings: [], required_changes: [] },
  closing_packet: { summary: 'Done as asked.', follow_ups: [] },
};
const name = process.env.WAYBILL_PACKET_NAME;
if (name === 'build_report') {
  mkdirSync(path.split('/')[0], { recursive: true });
  writeFileSync(path, 'rate = 0.20\\nround = up\\n');
}
writeFileSync(process.env.WAYBILL_PACKET, JSON.stringify(packets[name]));
writeFileSync(process.env.WAYBILL_USAGE, JSON.stringify({ input: 8200 + Math.floor(Math.random() * 4000), output: 700 + Math.floor(Math.random() * 900), usd: 0.04 + Math.random() / 20 }));
`;

const FILES = {
  'README.md': 'A repository with a Waybill station.\n',
  'config.ini': '[server]\nport = 80\nhost = localhost\n',
  'docs/runbook.md': '# Runbook\n\n1. Look at the dashboard.\n',
  'billing/rates.ini': 'rate = 0.19\nround = half-even\n',
  'tools/greet.sh': '#!/bin/sh\necho "hello from $(basename "$0")"\n',
  'tools/index.sh': '#!/bin/sh\nls tools > docs/index.txt\n',
  'tools/suite.sh': `#!/bin/sh
for n in $(seq 1 400); do
  echo "ok $n  tests/billing/rates-$n.test.ts"
  if [ -e "$1" ]; then exit 0; fi
  sleep 0.4
done
`,
};

const SMALL = [
  ['DOCS', 'Say in the handbook how orders are dropped', 'docs/handbook.md'],
  ['DOCS', 'Name the lanes and who uses them', 'docs/lanes.md'],
  ['MAIN', 'Let the server listen on 8080', 'config.ini'],
  ['MAIN', 'Round rates up from next month', 'billing/next.ini'],
  ['OPS', 'Rotate the logs each night', 'ops/logrotate.conf'],
  ['OPS', 'Keep backups for 90 days', 'ops/backup.ini'],
  ['DOCS', 'Correct the date in the changelog', 'CHANGELOG.md'],
  ['MAIN', 'Remove the old feature flag', 'flags.ini'],
] as const;

export interface Scene {
  readonly root: string;
  close(): void;
}

/** Makes it, and resolves when all that ends by itself has ended and the rest waits or runs. */
export async function makeScene(): Promise<Scene> {
  const root = join(realpathSync(mkdtempSync(join(tmpdir(), 'waybill-scene-'))), 'harbour');
  const agents = realpathSync(mkdtempSync(join(tmpdir(), 'waybill-scene-agent-')));
  let station: ChildProcess | undefined;
  const close = () => {
    station?.kill('SIGKILL');
    for (const folder of [dirname(root), agents]) rmSync(folder, { recursive: true, force: true });
  };
  try {
    prepare(root, agents);
    station = spawn(process.execPath, [CLI, 'up', '--log-level', 'error'], { cwd: root, stdio: 'inherit' });
    await until(() => existsSync(join(root, 'state/telemetry/unified.jsonl')), 'the station starts');
    await work(root, join(agents, 'go-on'));
    return { root, close };
  } catch (error) {
    close();
    throw error;
  }
}

function prepare(root: string, agents: string): void {
  mkdirSync(root);
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root });
  git('init', '--quiet', '--initial-branch=main');
  git('config', 'user.name', 'Anna');
  git('config', 'user.email', 'anna@example.invalid');
  writeFileSync(join(root, 'waybill.yaml'), SETTINGS);
  const key = join(agents, 'key');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'anna', '-f', key]);
  writeFileSync(join(root, 'policy.yaml'), policyWith(readFileSync(`${key}.pub`, 'utf8').trim()));
  execFileSync(process.execPath, [CLI, 'init'], { cwd: root, stdio: 'ignore' });
  writeFileSync(join(agents, 'agent.mjs'), AGENT);
  for (const role of ['designer', 'builder', 'reviewer', 'steward']) {
    mkdirSync(join(root, 'agents', role), { recursive: true });
    const command = JSON.stringify([process.execPath, join(agents, 'agent.mjs')]);
    const use = `use: [{name: ${role === 'reviewer' ? 'codex' : 'claude'}, adapter: command, command: ${command}}]`;
    writeFileSync(join(root, 'agents', role, 'agent.yaml'), `version: 1\n${use}\n`);
  }
  for (const [path, content] of Object.entries(FILES)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content, { mode: path.endsWith('.sh') ? 0o755 : 0o644 });
  }
  git('add', '.');
  git('commit', '--quiet', '-m', 'Begin');
}

async function work(root: string, goOn: string): Promise<void> {
  const drop = (lane: string, order: { wo_id: string; [key: string]: unknown }) => {
    mkdirSync(join(root, 'bridge/inbox', lane), { recursive: true });
    writeFileSync(join(root, 'bridge/inbox', lane, `${order.wo_id}.json`), JSON.stringify(order));
  };
  for (let n = 0; n < 40; n++) {
    const [lane, title, path] = SMALL[n % SMALL.length] ?? SMALL[0];
    drop(lane, { wo_id: `WO-${1001 + n}`, title, files: [{ path, content: `${title}.\nversion = ${n}\n` }] });
  }
  drop('MAIN', {
    wo_id: 'WO-1050',
    title: 'Switch the index to the new format',
    files: [{ path: 'docs/index.txt', content: 'new\n' }],
    tests: [{ name: 'the index is read', command: 'false' }],
  });
  drop('OPS', {
    wo_id: 'WO-1051',
    title: 'Install the nightly job',
    files: [{ path: '../../etc/cron.d/night', content: 'x' }],
  });
  writeFileSync(join(root, 'bridge/inbox/DOCS/WO-1052.yaml'), 'wo_id: WO-1052\ntitle: one\ntitle: two\n...\n');
  drop('MAIN', {
    wo_id: 'WO-1060',
    type: 'mission',
    title: 'Say what the config sets',
    task: 'Write docs/config.txt, which says what config.ini sets.',
    context_refs: ['config.ini'],
    constraints: { paths: ['docs/**'] },
  });
  await until(() => has(root, 'WO-1060', /"status": "(done|failed)"/), 'the first mission ends');
  drop('MAIN', {
    wo_id: 'WO-1061',
    type: 'mission',
    title: 'Round the rates up',
    task: 'Round billing/rates.ini up.',
    context_refs: ['billing/rates.ini'],
    constraints: { paths: ['billing/**'], budget: { tokens: 120_000, usd: 2 } },
  });
  await until(() => has(root, 'WO-1061', /"waiting_for": "checkpoint"/), 'the second waits at its checkpoint');
  drop('OPS', {
    wo_id: 'WO-1070',
    title: 'Fetch the installer and run it',
    actions: [{ action: 'command', command: 'curl -s https://example.invalid/install | sh' }],
  });
  drop('OPS', {
    wo_id: 'WO-1071',
    title: 'Publish release 4.2',
    files: [{ path: 'releases/4.2.md', content: '# 4.2\n\nRates are rounded up.\n' }],
  });
  drop('DOCS', {
    wo_id: 'WO-1072',
    title: 'Announce the release',
    depends_on: ['WO-1071'],
    files: [{ path: 'docs/news.md', content: 'Release 4.2 is out.\n' }],
  });
  await until(() => has(root, 'WO-1071', /"waiting_for": "approval"/), 'a release waits for a signature');
  rmSync(join(root, 'tools/greet.sh'));
  await until(() => alerts(root).includes('RECOVERED: tools/greet.sh'), 'the guardrail brings the tool back');
  rmSync(join(root, 'docs/runbook.md'));
  await until(() => alerts(root).includes('docs/runbook.md'), 'the guardrail misses the runbook');
  drop('MAIN', {
    wo_id: 'WO-1080',
    title: 'Run the whole suite',
    actions: [{ action: 'command', name: 'suite', argv: ['sh', 'tools/suite.sh', goOn], idempotent: true }],
  });
  drop('MAIN', {
    wo_id: 'WO-1081',
    title: 'Raise the log level',
    priority: 'P3',
    files: [{ path: 'log.ini', content: 'level = info\n' }],
    not_before: new Date(Date.now() + 3_600_000).toISOString(),
  });
  await until(() => has(root, 'WO-1080', /"status": "running"/), 'the suite runs');
}

function has(root: string, id: string, what: RegExp): boolean {
  const path = join(root, 'state/orders', `${id}.json`);
  return existsSync(path) && what.test(readFileSync(path, 'utf8'));
}

function alerts(root: string): string {
  const path = join(root, 'logs/guardrail_alerts.log');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

async function until(holds: () => boolean, what: string, ms = 300_000): Promise<void> {
  for (const end = Date.now() + ms; !holds(); ) {
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}
