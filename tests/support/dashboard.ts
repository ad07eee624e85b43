import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { CLI } from './station.ts';
import type { TestContext } from './suite.ts';

export interface RunningDashboard {
  /** Without the token: looking. */
  readonly url: string;
  /** With it: acting. */
  readonly actingUrl: string;
  readonly port: number;
  readonly pid: number;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts `waybill dashboard` as a process of its own, without a terminal, so that it decides nothing; it is ended after the test. */
export async function runDashboard(
  t: TestContext,
  root: string,
  port = 0,
  env: NodeJS.ProcessEnv = process.env,
): Promise<RunningDashboard> {
  const args = [CLI, 'dashboard', '--port', String(port), '--json'];
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
  return running(t, child, child.stdout, () => child.pid ?? 0);
}

/** The same at a terminal of its own, where people can decide by it. Needs `script`. */
export async function runDashboardAtTerminal(
  t: TestContext,
  root: string,
  port = 0,
  env: NodeJS.ProcessEnv = process.env,
): Promise<RunningDashboard> {
  const quoted = [process.execPath, CLI].map((part) => `'${part.replaceAll("'", "'\\''")}'`).join(' ');
  // what it says comes beside the terminal, and before it the number of the process that becomes the dashboard
  const line = `echo $$ >&3; exec ${quoted} dashboard --port ${port} --json >&3`;
  const child = spawn('script', ['-qec', line, '/dev/null'], {
    cwd: root,
    env,
    stdio: ['pipe', 'ignore', 'inherit', 'pipe'],
  });
  return running(t, child, child.stdio[3] as Readable, (said) => Number(/^\d+/.exec(said)?.[0] ?? 0));
}

async function running(
  t: TestContext,
  child: ChildProcess,
  output: Readable,
  pidOf: (said: string) => number,
): Promise<RunningDashboard> {
  let text = '';
  const gone = new Promise<void>((done) => child.once('exit', () => done()));
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (child.exitCode === null && child.signalCode === null) process.kill(pidOf(text) || (child.pid ?? 0), signal);
    await gone;
  };
  t.defer(() => stop('SIGKILL'));
  await new Promise<void>((done, fail) => {
    output.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      if (text.trimEnd().endsWith('}')) done();
    });
    child.once('exit', (code) => fail(new Error(`the dashboard ended with ${code}: ${text}`)));
  });
  const { url, port } = JSON.parse(text.slice(text.indexOf('{'))) as { url: string; port: number };
  return { url: `http://127.0.0.1:${port}`, actingUrl: url, port, pid: pidOf(text), stop };
}
