import { dirname, join } from 'node:path';
import { Git } from '../git/git.ts';
import { sha256 } from '../order/canonical-json.ts';
import { now } from '../platform/clock.ts';
import { ensureDir, writeAll, writeDurable } from '../platform/durable.ts';
import { fs, O_CREAT, O_WRONLY } from '../platform/fs.ts';
import { newUlid } from '../platform/ids.ts';
import { initStation, type Station } from '../station/station.ts';
import { madeBy, missionAgentFiles, missionOrder } from './mission-agent.ts';
import { makeKey } from './person.ts';

/** The orders that a tortured station gets, and how each may end. */

/** One order: how it is dropped, what it does when it is done, and how else it may end without any fault. */
export interface Task {
  readonly woId: string;
  /** The order document; a text is dropped as it is. */
  readonly order: Record<string, unknown> | string;
  readonly as: 'file' | 'bundle' | 'command';
  /** `done`, or the code that it fails or is rejected with. */
  readonly end: string;
  /** Its files when it is done: content by path, null for one that is gone. */
  readonly makes: Readonly<Record<string, string | null>>;
  /** HEAD has what it makes from the beginning: it makes no commit, and where it fails its files stay damaged. */
  readonly mends?: true;
  /** Has a command that must not run twice: each run adds a line to `runs/<woId>`. */
  readonly runs: 'never' | 'once' | 'any';
  /** It asks, and this is the answer. */
  readonly decide?: 'approve' | 'deny';
  /** It lands on a branch of its own; what it makes is there and not at the root. */
  readonly ownBranch?: true;
  /** It works in a worktree: what it makes and does not land is kept. */
  readonly isolated?: true;
  /** Agents do it, in steps. */
  readonly mission?: true;
  /** How often each of them is done well. */
  readonly steps?: Readonly<Record<string, number>>;
  /** Two of these are at odds: the one that comes second may wait for a person, with its work kept. */
  readonly mayConflict?: true;
}

export interface Workload {
  readonly name: string;
  readonly settings: string;
  /** Text of policy.yaml; without it the one that init writes. */
  readonly policy?: string;
  readonly files: Readonly<Record<string, string>>;
  /** What becomes of some of them before the station starts; null for one that is gone. */
  readonly damaged?: Readonly<Record<string, string | null>>;
  readonly tasks: readonly Task[];
}

const task = (woId: string, order: Record<string, unknown> | string, more: Partial<Task> = {}): Task => ({
  woId,
  order: typeof order === 'string' ? order : { wo_id: woId, title: `Torture ${woId}`, ...order },
  as: 'file',
  end: 'done',
  makes: {},
  runs: 'never',
  ...more,
});

/** Stands in a policy for the public key of whoever decides. */
const KEY_PLACE = '<key>';

const run = (woId: string) => `echo ran >> runs/${woId}`;

/** Orders that only touch files: they land together, in batches. */
export const FILES: Workload = {
  name: 'files',
  settings: 'intake: {settle_ms: 20}\n',
  files: {
    'edit.txt': 'one\ntwo\nthree\n',
    'old.txt': 'old\n',
    'gone.txt': 'gone\n',
    'patched.txt': '1\n2\n3\n',
    'kept.txt': 'kept\n',
    'vanished.txt': 'whole\n',
    'cut.txt': 'cut here, and whole\n',
  },
  damaged: { 'vanished.txt': null, 'cut.txt': 'cut here' },
  tasks: [
    task(
      'T-WRITE',
      { files: [{ path: 'a/b/new.txt', content: 'new\n', mode: '0755' }] },
      { makes: { 'a/b/new.txt': 'new\n' } },
    ),
    task(
      'T-EDIT',
      { actions: [{ action: 'edit', path: 'edit.txt', find: 'two', replace: 'TWO' }] },
      { makes: { 'edit.txt': 'one\nTWO\nthree\n' } },
    ),
    task(
      'T-PATCH',
      {
        actions: [
          { action: 'patch', patch: '--- a/patched.txt\n+++ b/patched.txt\n@@ -1,3 +1,3 @@\n 1\n-2\n+zwei\n 3\n' },
        ],
      },
      { makes: { 'patched.txt': '1\nzwei\n3\n' } },
    ),
    task(
      'T-MOVE',
      { actions: [{ action: 'move', path: 'old.txt', to: 'moved/new-name.txt' }] },
      { makes: { 'old.txt': null, 'moved/new-name.txt': 'old\n' } },
    ),
    task(
      'T-RESTORE',
      {
        actions: [
          { action: 'restore', path: 'vanished.txt', content: 'whole\n', found: null },
          {
            action: 'restore',
            path: 'cut.txt',
            content: 'cut here, and whole\n',
            found: sha256(Buffer.from('cut here')),
          },
        ],
      },
      { makes: { 'vanished.txt': 'whole\n', 'cut.txt': 'cut here, and whole\n' }, mends: true },
    ),
    task('T-DELETE', { actions: [{ action: 'delete', path: 'gone.txt' }] }, { makes: { 'gone.txt': null } }),
    task(
      'T-FAIL',
      { actions: [{ action: 'edit', path: 'kept.txt', find: 'absent', replace: 'x' }] },
      { end: 'FIND_NOT_FOUND' },
    ),
    task('T-BAD', 'wo_id: [\n...\n', { end: 'YAML_INVALID' }),
    task(
      'T-BUNDLE',
      { files: [{ path: 'from-bundle.txt', content: 'bundle\n' }] },
      { as: 'bundle', makes: { 'from-bundle.txt': 'bundle\n' } },
    ),
    task(
      'T-DROP',
      { files: [{ path: 'from-drop.txt', content: 'drop\n' }] },
      { as: 'command', makes: { 'from-drop.txt': 'drop\n' } },
    ),
    task(
      'T-AFTER',
      { depends_on: ['T-WRITE'], files: [{ path: 'after.txt', content: 'after\n' }] },
      { makes: { 'after.txt': 'after\n' } },
    ),
  ],
};

/** Orders with commands and checks: they work in place before they land. */
export const COMMANDS: Workload = {
  name: 'commands',
  policy: 'version: 1\nrules: [{class: safe, commands: ["*"]}]\nisolation: {commands: in_place}\n',
  settings: 'lanes: {MAIN: {concurrency: 2}}\n',
  files: { 'out.txt': 'before\n', 'checked.txt': 'before\n', 'undone.txt': 'before\n' },
  tasks: [
    task(
      'T-RUN',
      {
        files: [{ path: 'tool.sh', content: `${run('T-RUN')}; echo after > out.txt\n`, mode: '0755' }],
        actions: [{ action: 'command', argv: ['sh', 'tool.sh'], outputs: ['out.txt'] }],
        tests: [{ name: 'output', command: 'cat out.txt', expected: 'after' }],
      },
      { makes: { 'out.txt': 'after\n' }, runs: 'once' },
    ),
    task(
      'T-AGAIN',
      {
        actions: [
          {
            action: 'command',
            command: `${run('T-AGAIN')}; echo again > again.txt`,
            outputs: ['again.txt'],
            idempotent: true,
          },
        ],
      },
      { makes: { 'again.txt': 'again\n' }, runs: 'any' },
    ),
    task(
      'T-CHECK',
      {
        files: [
          { path: 'checked.txt', content: 'after\n' },
          { path: 'made/for-check.txt', content: 'made\n' },
        ],
        tests: [{ name: 'fails', command: 'cat checked.txt', expected: 'other' }],
      },
      { end: 'CHECK_FAILED' },
    ),
    task(
      'T-BROKEN',
      {
        files: [{ path: 'undone.txt', content: 'after\n' }],
        actions: [{ action: 'command', command: `${run('T-BROKEN')}; exit 3`, idempotent: true }],
      },
      { end: 'COMMAND_FAILED', runs: 'any' },
    ),
  ],
};

/** Keeps its work in a worktree: the file first, then the line that tells that it ran. */
const apart = (woId: string, path: string, more: Record<string, unknown> = {}) => ({
  action: 'command',
  command: `mkdir -p ${dirname(path)} && echo ${woId} > ${path} && echo ran >> "$WAYBILL_STATION"/runs/${woId}`,
  ...more,
});

/** Orders that ask a person, before they start or before they land. */
const ASKING: Workload = {
  name: 'asking',
  policy: [
    'version: 1',
    'rules: [{class: ask, paths: ["asked/**"]}, {class: safe, commands: ["*"]}]',
    'approvals: {proof: ssh, trust_after: 0}',
    `approvers: [{name: torture, keys: ["${KEY_PLACE}"]}]`,
    'isolation: {commands: worktree, allow: [in_place, worktree, branch]}',
    '',
  ].join('\n'),
  settings: 'lanes: {MAIN: {concurrency: 2}}\nworktrees: {folder: ../worktrees, idle: 1}\n',
  files: { 'asked/yes.txt': 'before\n' },
  tasks: [
    task(
      'G-YES',
      { files: [{ path: 'asked/yes.txt', content: 'after\n' }] },
      { makes: { 'asked/yes.txt': 'after\n' }, decide: 'approve' },
    ),
    task(
      'G-NO',
      { files: [{ path: 'asked/no.txt', content: 'no\n' }] },
      { makes: { 'asked/no.txt': 'no\n' }, decide: 'deny', end: 'DENIED' },
    ),
    task(
      'G-RUN',
      { approval: { why: 'it says so' }, actions: [apart('G-RUN', 'made/run.txt')] },
      { makes: { 'made/run.txt': 'G-RUN\n' }, decide: 'approve', isolated: true, runs: 'once' },
    ),
    task(
      'G-LATE',
      {
        actions: [apart('G-LATE', 'asked/late.txt', { idempotent: true })],
      },
      { makes: { 'asked/late.txt': 'G-LATE\n' }, decide: 'approve', isolated: true, runs: 'any' },
    ),
  ],
};

/** Orders whose commands run in worktrees: on a branch of their own, at odds with each other, and one that fails. */
const APART: Workload = {
  name: 'apart',
  policy: [
    'version: 1',
    'rules: [{class: safe, commands: ["*"]}]',
    'isolation: {commands: worktree, allow: [branch]}',
    '',
  ].join('\n'),
  settings: 'lanes: {MAIN: {concurrency: 2}}\nworktrees: {folder: ../worktrees, idle: 1}\n',
  files: { 'same.txt': 'before\n' },
  tasks: [
    task(
      'G-BRANCH',
      { isolation: 'branch', actions: [apart('G-BRANCH', 'made/branch.txt', { idempotent: true })] },
      { makes: { 'made/branch.txt': 'G-BRANCH\n' }, ownBranch: true, isolated: true, runs: 'any' },
    ),
    task(
      'G-FAIL',
      {
        actions: [
          apart('G-FAIL', 'made/fail.txt', { idempotent: true }),
          { action: 'command', command: 'exit 3', idempotent: true },
        ],
      },
      { makes: { 'made/fail.txt': 'G-FAIL\n' }, end: 'COMMAND_FAILED', isolated: true, runs: 'any' },
    ),
    ...['G-ONE', 'G-TWO'].map((woId) =>
      task(
        woId,
        {
          actions: [apart(woId, 'same.txt', { idempotent: true })],
          tests: [{ name: 'made', command: 'cat same.txt', expected: woId }],
        },
        { makes: { 'same.txt': `${woId}\n` }, mayConflict: true, isolated: true, runs: 'any' },
      ),
    ),
  ],
};

/** A mission whose work fails its check, is sent back by its reviewer, and asks a person before its last step. */
const asking = (woId: string, decide: 'approve' | 'deny'): Task =>
  task(woId, missionOrder(woId), {
    ...(decide === 'deny' ? { end: 'DENIED', makes: {} } : { makes: madeBy(woId) }),
    decide,
    mission: true,
    steps: { design: 2, build: 2, review: 2, steward: 1 },
    runs: 'any',
  });

/** Missions: what agents do in steps. */
const MISSION: Workload = {
  name: 'mission',
  policy: [
    'version: 1',
    'rules: [{class: safe, commands: ["*"]}]',
    'approvals: {proof: ssh, trust_after: 0}',
    `approvers: [{name: torture, keys: ["${KEY_PLACE}"]}]`,
    'missions: {checkpoints: [steward], budget: {attempts: 1000, seconds: 1000000}}',
    '',
  ].join('\n'),
  settings: 'lanes: {MAIN: {concurrency: 2}}\nworktrees: {folder: ../worktrees, idle: 1}\n',
  files: { ...missionAgentFiles(), 'made/base.txt': 'base\n' },
  tasks: [asking('M-YES', 'approve'), asking('M-NO', 'deny')],
};

export const WORKLOADS: readonly Workload[] = [FILES, COMMANDS, ASKING, APART, MISSION];

/** Makes a repository with a station and one commit in an empty folder. */
export async function makeStation(root: string, workload: Workload): Promise<Station> {
  ensureDir(root);
  const git = new Git(root);
  await git.run(['init', '--quiet', '--initial-branch=main']);
  await git.run(['config', 'user.name', 'Torture']);
  await git.run(['config', 'user.email', 'torture@waybill.invalid']);
  const { settings, policy, files } = workload;
  const rules = policy?.includes(KEY_PLACE) === true ? policy.replace(KEY_PLACE, await makeKey(root)) : policy;
  const own = { 'waybill.yaml': settings, ...(rules === undefined ? {} : { 'policy.yaml': rules }) };
  for (const [path, content] of Object.entries({ ...files, ...own })) writePlain(join(root, path), content);
  const { station } = await initStation(root, 'default');
  ensureDir(join(root, 'runs'));
  writePlain(
    join(root, '.git', 'info', 'exclude'),
    `${fs.readFileSync(join(root, '.git', 'info', 'exclude'), 'utf8')}runs/\n`,
  );
  await git.run(['add', '--all']);
  await git.run(['commit', '--quiet', '-m', 'Begin']);
  for (const [path, content] of Object.entries(workload.damaged ?? {})) {
    if (content === null) fs.unlinkSync(join(root, path));
    else writePlain(join(root, path), content);
  }
  return station;
}

/** Drops every order of a workload, whole and synced by its author: what comes after is the station's. */
export function dropAll(station: Station, workload: Workload): void {
  for (const task of workload.tasks) dropTask(station, task);
}

/** Drops one order so that it is whole when it can be seen. */
export function dropTask(station: Station, { woId, order, as }: Task): void {
  const lane = join(station.layout.inbox, 'MAIN');
  const text = typeof order === 'string' ? order : `${JSON.stringify(order)}\n`;
  const name = typeof order === 'string' ? `${woId}.yaml` : `${woId}.json`;
  if (as === 'file') writeDurable(join(lane, name), text);
  else if (as === 'bundle') {
    writePlain(join(lane, woId, 'note.txt'), 'note\n');
    writeDurable(join(lane, woId, name), text);
  } else {
    const content = Buffer.from(text).toString('base64');
    const command = { v: 1, command: 'drop', at: now(), lane: 'MAIN', file: name, content };
    writeDurable(join(station.layout.commands, `${newUlid()}.json`), JSON.stringify(command));
  }
}

function writePlain(path: string, text: string): void {
  ensureDir(dirname(path));
  const fd = fs.openSync(path, O_WRONLY | O_CREAT, 0o644);
  try {
    fs.ftruncateSync(fd, 0);
    writeAll(fd, Buffer.from(text));
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}
