import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLI, ENVIRONMENT } from './scene.ts';

/** `waybill dashboard` as a process, seen from outside: what it serves, how soon, and what it takes. */
export interface Dashboard {
  readonly url: string;
  readonly pid: number;
  /** Between the start of the process and its word that it listens, in ms. */
  readonly startMs: number;
}

/** Serves a station's dashboard while this is done. */
export async function besideDashboard<T>(root: string, work: (dashboard: Dashboard) => Promise<T>): Promise<T> {
  const begun = performance.now();
  const child = spawn(process.execPath, [CLI, 'dashboard', '--port', '0', '--json'], {
    cwd: root,
    env: ENVIRONMENT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = new Promise<void>((done) => child.once('exit', () => done()));
  try {
    const said = await new Promise<string>((done, fail) => {
      let text = '';
      child.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString('utf8');
        if (text.trimEnd().endsWith('}')) done(text);
      });
      child.once('exit', (code) => fail(new Error(`the dashboard ended with ${code}`)));
    });
    const { port } = JSON.parse(said) as { port: number };
    return await work({
      url: `http://127.0.0.1:${port}`,
      pid: child.pid ?? 0,
      startMs: performance.now() - begun,
    });
  } finally {
    child.kill('SIGTERM');
    await gone;
  }
}

/** What came of one request, whole: milliseconds and bytes of the body. Throws where it is no success. */
export async function got(url: string): Promise<{ ms: number; bytes: number; text: string }> {
  const begun = performance.now();
  const answer = await fetch(url);
  const body = Buffer.from(await answer.arrayBuffer());
  const ms = performance.now() - begun;
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return { ms, bytes: body.length, text: body.toString('utf8') };
}

/** A page as a browser loads it that knows nothing yet: the page, then all that its head names, together. */
export async function loaded(url: string): Promise<{ ms: number; bytes: number }> {
  const begun = performance.now();
  const page = await got(url);
  const parts = [...page.text.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, path]) => path ?? '');
  const assets = await Promise.all([...new Set(parts)].map((path) => got(new URL(path, url).href)));
  return { ms: performance.now() - begun, bytes: assets.reduce((sum, { bytes }) => sum + bytes, page.bytes) };
}

/** Waits until catalogue and figures have read the whole ledger; returns when that was, on the clock of `performance.now()`. */
export async function whole({ url }: Dashboard): Promise<number> {
  for (const end = Date.now() + 600_000; Date.now() < end; ) {
    const { whole: isWhole } = JSON.parse((await got(`${url}/charts/data.json`)).text) as { whole: boolean };
    if (isWhole) return performance.now();
    await new Promise((done) => setTimeout(done, 20));
  }
  throw new Error('the dashboard has not read the ledger in ten minutes');
}

/** A region that came, and when, in ms since 1970. */
export interface Came {
  readonly name: string;
  readonly html: string;
  readonly at: number;
}

/** Follows a page as a browser does that has it open, until stopped; `onRegion` gets each region as it comes. */
export async function following(url: string, onRegion: (came: Came) => void = () => {}): Promise<() => Promise<void>> {
  const stop = new AbortController();
  const answer = await fetch(url, { headers: { accept: 'text/event-stream' }, signal: stop.signal });
  if (!answer.ok || answer.body === null) throw new Error(`${url} answered ${answer.status}`);
  const read = (async (body: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of body) {
      const at = Date.now();
      rest += decoder.decode(chunk, { stream: true });
      for (let end = rest.indexOf('\n\n'); end !== -1; end = rest.indexOf('\n\n')) {
        const data = /^data: (.*)$/m.exec(rest.slice(0, end))?.[1] ?? '{}';
        if (rest.startsWith('event: region')) onRegion({ ...(JSON.parse(data) as { name: string; html: string }), at });
        rest = rest.slice(end + 2);
      }
    }
  })(answer.body).catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  return async () => {
    stop.abort();
    await read;
  };
}

/** What a process holds of memory now, in MB. Linux. */
export function residentMegabytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** When the records of these events were written, by order, in ms since 1970; only of the ledger's newest segment file and the one before. */
export function writtenAt(root: string, event: string): Map<string, number> {
  const folder = join(root, '.git/waybill/ledger');
  const newest = readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .slice(-2);
  const lines = newest.flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n').filter(Boolean));
  const records = lines.map((line) => JSON.parse(line) as { ts: string; event: string; wo_id: string | null });
  return new Map(
    records.filter((r) => r.event === event && r.wo_id !== null).map((r) => [r.wo_id ?? '', Date.parse(r.ts)]),
  );
}
