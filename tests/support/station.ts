import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { ResultDocument, StateDocument } from '../../src/order/generated.ts';
import { program } from './program.ts';
import type { TestContext } from './suite.ts';

const ROOT = resolve(import.meta.dirname, '../..');
export const CLI = join(ROOT, 'dist/cli/main.js');

/** A real station in a real repository, driven through the built command line. */
export class TestStation {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  path(...parts: string[]): string {
    return join(this.root, ...parts);
  }

  read(path: string): string {
    return readFileSync(this.path(path), 'utf8');
  }

  write(path: string, content: string | Buffer, mode?: number): void {
    mkdirSync(dirname(this.path(path)), { recursive: true });
    writeFileSync(this.path(path), content, mode === undefined ? {} : { mode });
  }

  move(from: string, to: string): void {
    renameSync(this.path(from), this.path(to));
  }

  exists(path: string): boolean {
    return existsSync(this.path(path));
  }

  git(...args: string[]): string {
    return execFileSync('git', args, { cwd: this.root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trimEnd();
  }

  /** Commits everything that git status shows, as a person would. */
  commitAll(message: string): void {
    this.git('add', '--all');
    this.git('commit', '--quiet', '--allow-empty', '-m', message);
  }

  /** Runs a command of the built program to its end. */
  waybill(...args: string[]): { code: number | null; stdout: string; stderr: string } {
    const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
      cwd: this.root,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    return { code: status, stdout, stderr };
  }

  /** Works until nothing is runnable. Throws with what it said unless it exits 0. */
  drain(): string {
    const { code, stderr } = this.waybill('up', '--drain');
    if (code !== 0) throw new Error(`up --drain ended with ${code}:\n${stderr}`);
    return stderr;
  }

  /** Starts the station process; it is ended after the test. */
  async up(
    t: TestContext,
  ): Promise<{ pid: number; stop(signal?: NodeJS.Signals): Promise<number | null>; ended: Promise<number | null> }> {
    const child = spawn(process.execPath, [CLI, 'up', '--log-level', 'warn'], {
      cwd: this.root,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const gone = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
    const stop = (signal: NodeJS.Signals = 'SIGTERM') => {
      child.kill(signal);
      return gone;
    };
    t.defer(() => stop('SIGKILL'));
    await until(
      () => this.exists('.git/waybill/heartbeat.json') && this.heartbeatPid() === child.pid,
      'the station runs',
    );
    return { pid: child.pid ?? 0, stop, ended: gone };
  }

  heartbeatPid(): number {
    return (JSON.parse(this.read('.git/waybill/heartbeat.json')) as { pid: number }).pid;
  }

  /** Drains, and is killed by SIGKILL at the n-th step (1 is the first). Returns the steps it came through, and whether it was killed. */
  drainKilledAt(
    n: number,
    hook: { at: string; command: string } | null = null,
  ): { steps: string[]; killed: boolean; stderr: string } {
    const file = this.path('.git/steps.txt');
    writeFileSync(file, '');
    const { signal, stderr, status } = spawnSync(
      process.execPath,
      [program('stop-at'), this.root, String(n), file, ...(hook === null ? [] : [hook.at, hook.command])],
      {
        cwd: this.root,
        encoding: 'utf8',
      },
    );
    if (signal === null && status !== 0) throw new Error(`the station ended with ${status}:\n${stderr}`);
    return { steps: readFileSync(file, 'utf8').split('\n').filter(Boolean), killed: signal === 'SIGKILL', stderr };
  }

  /** Puts an order file into a lane, complete at once. */
  drop(order: { wo_id: string; [key: string]: unknown }, lane = 'MAIN'): void {
    this.write(`bridge/inbox/${lane}/${order.wo_id}.json`, JSON.stringify(order));
  }

  state(woId: string): StateDocument {
    return JSON.parse(this.read(`${this.stateFolder()}/${woId}.json`)) as StateDocument;
  }

  result(woId: string, lane = 'MAIN'): ResultDocument {
    return JSON.parse(this.read(`bridge/outbox/${lane}/${woId}.result.json`)) as ResultDocument;
  }

  /** Rejections in a lane's outbox. */
  rejections(lane = 'MAIN'): ResultDocument[] {
    return this.names(`bridge/outbox/${lane}`)
      .map((n) => JSON.parse(this.read(`bridge/outbox/${lane}/${n}`)) as ResultDocument)
      .filter((r) => r.status === 'rejected');
  }

  names(folder: string): string[] {
    return this.exists(folder)
      ? readdirSync(this.path(folder))
          .filter((n) => !n.startsWith('.'))
          .sort()
      : [];
  }

  stateFolder(): string {
    return this.exists('g/followup/state') ? 'g/followup/state' : 'state/orders';
  }

  /** Commits of HEAD's history that carry this order's trailer. */
  commitsOf(woId: string): string[] {
    return this.git('log', '--format=%H %(trailers:key=Work-Order,valueonly)')
      .split('\n')
      .filter((l) => l.split(' ')[1] === woId)
      .map((l) => l.split(' ')[0] ?? '');
  }

  telemetry(): { event: string; wo_id: string | null; seq?: number; ok: boolean }[] {
    const file = this.exists('g/telemetry/unified.jsonl')
      ? 'g/telemetry/unified.jsonl'
      : 'state/telemetry/unified.jsonl';
    return this.read(file)
      .split('\n')
      .filter(Boolean)
      .map((l) => JSON.parse(l) as { event: string; wo_id: string | null; ok: boolean });
  }

  /** Names of what is under the keep refs. */
  kept(): string[] {
    return this.git('for-each-ref', '--format=%(refname)', 'refs/waybill')
      .split('\n')
      .flatMap((r) => r.split('/keep/')[1] ?? []);
  }

  /** Everything a landing or a claim leaves behind while it is under way. Empty when all is over. */
  leftovers(): string[] {
    const refs = this.git('for-each-ref', '--format=%(refname)', 'refs/waybill')
      .split('\n')
      .filter((r) => r !== '' && !r.endsWith('/journal') && !r.includes('/keep/'));
    const locks = execFileSync('find', ['.git', '-name', '*.lock'], { cwd: this.root, encoding: 'utf8' })
      .split('\n')
      .filter(Boolean);
    const claims = this.names('.git/waybill/claimed').map((n) => `claimed/${n}`);
    const scratch = [
      ...this.names('.git/waybill/tmp'),
      ...this.names('.git/waybill/landing'),
      ...this.names('.git/waybill/commands'),
    ];
    return [...refs, ...locks, ...claims, ...scratch];
  }
}

/** A policy by which every command runs at once, at the root. */
export const ANYTHING = 'version: 1\nrules: [{class: safe, commands: ["*"]}]\nisolation: {commands: in_place}\n';

export interface StationSetup {
  readonly preset?: string;
  /** Text of policy.yaml; without it the one that init writes. */
  readonly policy?: string;
  /** Lines that follow the preset's settings. */
  readonly settings?: string;
  readonly files?: Readonly<Record<string, string | Buffer>>;
}

/** A station with one commit, on branch main. */
export function testStation(t: TestContext, setup: StationSetup = {}): TestStation {
  const station = new TestStation(join(t.tempDir(), 'repo'));
  const key = JSON.stringify(setup, (_, v: unknown) => (Buffer.isBuffer(v) ? v.toString('base64') : v));
  const made = templates.get(key) ?? makeTemplate(key, setup);
  cpSync(made, station.root, { recursive: true });
  return station;
}

/** Stations are made once for each setup and copied: making one takes seven processes. */
const templates = new Map<string, string>();

function makeTemplate(key: string, setup: StationSetup): string {
  const folder = join(process.env['HOME'] ?? tmpdir(), `template-${templates.size}`);
  templates.set(key, folder);
  const station = new TestStation(folder);
  mkdirSync(station.root);
  station.git('init', '--quiet', '--initial-branch=main');
  station.git('config', 'user.name', 'Anna');
  station.git('config', 'user.email', 'anna@example.invalid');
  if (setup.settings !== undefined) station.write('waybill.yaml', setup.settings);
  if (setup.policy !== undefined) station.write('policy.yaml', setup.policy);
  const made = station.waybill('init', ...(setup.preset === undefined ? [] : ['--preset', setup.preset]));
  if (made.code !== 0) throw new Error(`init ended with ${made.code}: ${made.stderr}`);
  for (const [path, content] of Object.entries(setup.files ?? {})) station.write(path, content);
  station.commitAll('Begin');
  return folder;
}

export async function until(holds: () => boolean, what: string, timeoutMs = 90_000): Promise<void> {
  for (const end = Date.now() + timeoutMs; !holds(); ) {
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
    await new Promise((done) => setTimeout(done, 15));
  }
}
