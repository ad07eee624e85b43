import { spawn } from 'node:child_process';
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

/** Starts `waybill dashboard` as a process of its own; it is ended after the test. */
export async function runDashboard(
  t: TestContext,
  root: string,
  port = 0,
  env: NodeJS.ProcessEnv = process.env,
): Promise<RunningDashboard> {
  const child = spawn(process.execPath, [CLI, 'dashboard', '--port', String(port), '--json'], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = new Promise<void>((done) => child.once('exit', () => done()));
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal);
    await gone;
  };
  t.defer(() => stop('SIGKILL'));
  const said = await new Promise<string>((done, fail) => {
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      if (text.trimEnd().endsWith('}')) done(text);
    });
    child.once('exit', (code) => fail(new Error(`the dashboard ended with ${code}: ${text}`)));
  });
  const { url, port: bound } = JSON.parse(said) as { url: string; port: number };
  return { url: `http://127.0.0.1:${bound}`, actingUrl: url, port: bound, pid: child.pid ?? 0, stop };
}
