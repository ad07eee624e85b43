import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { lockHolder } from '../../src/platform/lock.ts';
import { cleared, pause } from './destructive.ts';
import { program } from './program.ts';
import { ANYTHING, CLI, type TestStation, testStation, until } from './station.ts';
import { assert, type TestContext } from './suite.ts';

/** Many at once: droppers, would-be stations, slow writers, and a person who saves at the instant of landing. Rules 1 to 4. */

export const WAIT_MS = 120_000;
const SETTINGS = 'intake: {scan_seconds: 1}\n';
const SAVER = join(import.meta.dirname, '../pipeline/fixtures/saver.mjs');

export interface Told {
  readonly seq: number;
  readonly event: string;
  readonly wo_id: string | null;
  readonly to: string | null;
  readonly ts: string;
  readonly data: {
    readonly file?: string;
    readonly branch?: string;
    readonly changes?: readonly { path: string; before: { disk: string } | null }[];
    readonly error?: { code: string } | null;
    /** What was asked; in a decision, which asking it is about. */
    readonly ask?: { readonly id: string; readonly changed: readonly string[] } | string;
    readonly proof?: { readonly kind: string };
  };
}

/** Whole records on the ledger. */
export function ledger(s: TestStation): Told[] {
  return s
    .names('.git/waybill/ledger')
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => s.read(`.git/waybill/ledger/${name}`).split('\n').slice(0, -1))
    .map((line) => JSON.parse(line) as Told);
}

/** Reads only what was added since it was asked last. */
export function ledgerTail(s: TestStation): () => Told[] {
  const done = new Map<string, number>();
  return () =>
    s
      .names('.git/waybill/ledger')
      .filter((name) => name.endsWith('.jsonl'))
      .flatMap((name) => {
        const bytes = readFileSync(s.path('.git/waybill/ledger', name));
        const from = done.get(name) ?? 0;
        const to = bytes.lastIndexOf(10) + 1;
        done.set(name, to);
        return bytes.toString('utf8', from, to).split('\n').filter(Boolean);
      })
      .map((line) => JSON.parse(line) as Told);
}

export function raceStation(t: TestContext, files: Record<string, string> = {}): TestStation {
  return testStation(t, { policy: ANYTHING, settings: SETTINGS, files });
}

export const fileOrder = (wo_id: string) => ({
  wo_id,
  title: wo_id,
  files: [{ path: `made/${wo_id}.txt`, content: `${wo_id}\n` }],
});

/** Every order is done, by one commit, and nothing is left over. */
export function assertDoneOnce(s: TestStation, woIds: readonly string[]): void {
  const records = ledger(s);
  const ends = new Map<string, string[]>();
  for (const { wo_id, to } of records)
    if (wo_id !== null && ['done', 'failed', 'rejected', 'cancelled'].includes(to ?? ''))
      ends.set(wo_id, [...(ends.get(wo_id) ?? []), to ?? '']);
  const commits = new Map<string, number>();
  for (const line of s.git('log', '--all', '--reflog', '--format=%(trailers:key=Work-Order,valueonly)').split('\n'))
    if (line !== '') commits.set(line, (commits.get(line) ?? 0) + 1);
  for (const woId of woIds) {
    assert.deepEqual(ends.get(woId), ['done'], `${woId} is done once`);
    assert.equal(commits.get(woId), 1, `${woId} has one commit`);
  }
  assert.equal(commits.size, woIds.length, 'no other order was made up');
  const verified = s.waybill('verify');
  assert.equal(verified.code, 0, verified.stdout);
  s.git('fsck', '--strict', '--no-dangling');
}

export async function allEnded(s: TestStation, woIds: readonly string[], what: string): Promise<void> {
  const left = new Set(woIds);
  const read = ledgerTail(s);
  const over = () => {
    for (const { wo_id, to } of read())
      if (wo_id !== null && ['done', 'failed', 'rejected', 'cancelled'].includes(to ?? '')) left.delete(wo_id);
    return left.size === 0;
  };
  await until(over, what, WAIT_MS * 5).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${[...left].slice(0, 5).join(' ')} (${left.size})`);
  });
}

/** Processes that each drop `each` orders by rename, as fast as they can. */
export function droppers(
  t: TestContext,
  s: TestStation,
  processes: number,
  each: number,
): { woIds: string[]; ended: Promise<unknown> } {
  const woIds: string[] = [];
  const ended = Array.from({ length: processes }, (_, p) => {
    for (let n = 0; n < each; n++) woIds.push(`WO-${p}-${n}`);
    const loop = `n=0; while [ $n -lt ${each} ]; do id=WO-${p}-$n
      printf '{"wo_id":"%s","title":"%s","files":[{"path":"made/%s.txt","content":"%s"}]}' $id $id $id $id > .git/drop-${p}
      mv .git/drop-${p} bridge/inbox/MAIN/$id.json; n=$((n+1)); done`;
    const child = spawn('sh', ['-c', loop], { cwd: s.root, stdio: 'ignore' });
    t.defer(() => child.kill('SIGKILL'));
    return new Promise((done) => child.once('exit', done));
  });
  return { woIds, ended: Promise.all(ended) };
}

interface WouldBe {
  readonly child: ChildProcess;
  code: number | null | undefined;
  readonly gone: Promise<number | null>;
}

function wouldBe(t: TestContext, s: TestStation, script: string[] = [CLI, 'up', '--log-level', 'warn']): WouldBe {
  const child = spawn(process.execPath, script, { cwd: s.root, stdio: 'ignore' });
  const gone = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
  const it: WouldBe = { child, code: undefined, gone };
  void gone.then((code) => {
    it.code = code;
  });
  t.defer(() => {
    child.kill('SIGCONT');
    child.kill('SIGKILL');
    return gone;
  });
  return it;
}

function holder(s: TestStation): number | null {
  return lockHolder(s.path('.git/waybill/lock'))?.pid ?? null;
}

/** Rule 3: `processes` drop while as many try to be the station. Exactly one holds it, the others exit 69, every order is done once. */
export async function eightAtOnce(t: TestContext, processes: number, each: number): Promise<void> {
  const s = raceStation(t);
  const drops = droppers(t, s, processes, each);
  const tries = Array.from({ length: processes }, () => wouldBe(t, s));
  await until(() => tries.filter((w) => w.code !== undefined).length >= processes - 1, 'all but one end', WAIT_MS);
  await drops.ended;
  await allEnded(s, drops.woIds, 'every order ends');
  const refused = tries.filter((w) => w.code !== undefined);
  assert.deepEqual(
    refused.map((w) => w.code),
    refused.map(() => 69),
    'the others are told',
  );
  const [holding] = tries.filter((w) => w.code === undefined);
  assert.equal(refused.length, processes - 1);
  assert.equal(holder(s), holding?.child.pid, 'the one that is left holds the station');
  await cleared(s, 'nothing is left over');
  holding?.child.kill('SIGTERM');
  assert.equal(await holding?.gone, 0);
  assertDoneOnce(s, drops.woIds);
}

/** Rule 3: a killed holder is followed within a second, a stopped one by nobody; status tells of it. Returns how long the takeovers took. */
export async function takeover(t: TestContext, kills: number): Promise<number[]> {
  const s = raceStation(t);
  const took: number[] = [];
  const supervisor = () => wouldBe(t, s, [program('takeover'), s.root]);
  const woIds: string[] = [];
  let waiting = supervisor();
  await until(() => holder(s) === waiting.child.pid, 'the first holds', WAIT_MS);
  for (let n = 0; n < kills; n++) {
    const holding = waiting;
    waiting = supervisor();
    const drops = Array.from({ length: 5 }, (_, i) => `WO-${n}-${i}`);
    for (const woId of drops) s.drop(fileOrder(woId));
    woIds.push(...drops);
    await until(() => opened(waiting, s), 'the second is there', WAIT_MS);
    await until(() => drops.some((woId) => ledger(s).some((r) => r.wo_id === woId)), 'there is work', WAIT_MS);

    holding.child.kill('SIGSTOP');
    const stopped = s.waybill('status', '--json');
    const said = JSON.parse(stopped.stdout) as { running: { pid: number } | null; stopped: boolean };
    assert.deepEqual([said.running?.pid, said.stopped], [holding.child.pid, true], 'status tells that it is stopped');
    assert.match(s.waybill('status').stdout, /stopped \(SIGSTOP\)/);
    const other = s.waybill('up', '--drain');
    assert.equal(other.code, 69, 'a stopped holder keeps the station');
    assert.equal(holder(s), holding.child.pid);
    assert.equal(waiting.code, undefined, 'the other goes on waiting');

    const at = Date.now();
    holding.child.kill('SIGKILL');
    await until(() => holder(s) === waiting.child.pid, 'the second takes over', WAIT_MS);
    took.push(Date.now() - at);
  }
  await allEnded(s, woIds, 'every order ends');
  await cleared(s, 'nothing is left over');
  waiting.child.kill('SIGTERM');
  await waiting.gone;
  assertDoneOnce(s, woIds);
  return took;
}

/** Whether a supervisor has its program loaded: it has the native lock in its memory. */
function opened(w: WouldBe, s: TestStation): boolean {
  if (process.platform !== 'linux') return s.exists('.git');
  try {
    return readFileSync(`/proc/${w.child.pid}/maps`, 'utf8').includes('fs-native-extensions');
  } catch {
    return false;
  }
}

/** Rule 2: writers of every habit; each order is done with all its bytes, or refused, never half. */
export async function habits(t: TestContext, rounds: number): Promise<void> {
  const s = raceStation(t);
  await s.up(t);
  const woIds: string[] = [];
  const twins: string[] = [];
  const inbox = (name: string) => s.path('bridge/inbox/MAIN', name);
  const yaml = (woId: string, lines: number) =>
    `wo_id: ${woId}\ntitle: ${woId}\nfiles:\n  - path: made/${woId}.txt\n    content: |\n${Array.from({ length: lines }, (_, n) => `      line ${n}\n`).join('')}`;
  const writers: Promise<void>[] = [];
  for (let round = 0; round < rounds; round++) {
    const id = (name: string) => {
      woIds.push(`WO-${name}-${round}`);
      return `WO-${name}-${round}`;
    };
    const [renamed, edited, slow, json, again] = [id('RENAMED'), id('EDITED'), id('SLOW'), id('JSON'), id('AGAIN')];
    writers.push(
      (async () => {
        writeFileSync(s.path(`.git/${renamed}`), yaml(renamed, 9));
        renameSync(s.path(`.git/${renamed}`), inbox(`${renamed}.yaml`));
        // an editor: a temporary file beside it, then a rename
        writeFileSync(inbox(`.${edited}.yaml.swp`), 'b0VIM');
        writeFileSync(inbox(`${edited}.yaml~`), yaml(edited, 4));
        await pause(20);
        renameSync(inbox(`${edited}.yaml~`), inbox(`${edited}.yaml`));
      })(),
      (async () => {
        // every piece leaves a valid order behind: only the time tells that there is more
        const text = yaml(slow, 9);
        const pieces = text.split(/(?<=\n)(?= {6}line)/);
        for (const piece of pieces) {
          appendFileSync(inbox(`${slow}.yaml`), piece);
          await pause(60 + Math.random() * 40);
        }
      })(),
      (async () => {
        const text = JSON.stringify(fileOrder(json));
        for (let at = 0; at < text.length; at += 12) {
          appendFileSync(inbox(`${json}.json`), text.slice(at, at + 12));
          await pause(40 + Math.random() * 40);
        }
      })(),
      (async () => {
        // saved in place, truncated, twice at a random distance: both before the claim, or the second is a drop of its own
        writeFileSync(inbox(`${again}.yaml`), yaml(again, 2));
        await pause(Math.random() * 500);
        writeFileSync(inbox(`${again}.yaml`), yaml(again, 9));
        twins.push(again);
      })(),
    );
    await pause(100);
  }
  await Promise.all(writers);
  await allEnded(s, woIds, 'every order ends');
  await until(
    () => s.names('bridge/inbox/MAIN').length === 0 && s.names('.git/waybill/claimed').length === 0,
    'every drop is taken',
    WAIT_MS,
  );
  const whole = Array.from({ length: 9 }, (_, n) => `line ${n}\n`).join('');
  const late = s.names('.git/waybill/late').length;
  for (const woId of woIds) {
    const { status, last_error: error } = s.state(woId);
    if (status === 'failed') {
      assert.equal(error?.code, 'CHANGED_AFTER_CLAIM', woId);
      continue;
    }
    assert.equal(status, 'done', `${woId}: ${JSON.stringify(error)}`);
    const text = s.read(`made/${woId}.txt`);
    if (woId.includes('RENAMED') || woId.includes('SLOW')) assert.equal(text, whole, `${woId} is whole`);
    if (woId.includes('JSON')) assert.equal(text, `${woId}\n`);
    if (twins.includes(woId) && text !== whole) {
      assert.equal(text, 'line 0\nline 1\n', `${woId} is one of the two`);
      const refused = s.rejections().some((r) => r.file === `${woId}.yaml`);
      assert.ok(refused || late > 0, `${woId}: the second save is told of, or kept`);
    }
  }
  assert.equal(s.waybill('verify').code, 0);
}

/** Rule 1: `count` at once while a command keeps the handler busy. */
export async function flood(t: TestContext, count: number): Promise<void> {
  const s = raceStation(t);
  const up = await s.up(t);
  const woIds = ['WO-BUSY', ...Array.from({ length: count }, (_, n) => `WO-${n}`)];
  s.drop({
    wo_id: 'WO-BUSY',
    title: 'x',
    actions: [{ action: 'command', command: 'touch .git/busy; sleep 2; echo done > busy.txt', outputs: ['busy.txt'] }],
  });
  await until(() => s.exists('.git/busy'), 'the handler is busy', WAIT_MS);
  mkdirSync(s.path('.git/flood'));
  for (const woId of woIds.slice(1)) writeFileSync(s.path('.git/flood', woId), JSON.stringify(fileOrder(woId)));
  for (const woId of woIds.slice(1))
    renameSync(s.path('.git/flood', woId), s.path('bridge/inbox/MAIN', `${woId}.json`));
  await allEnded(s, woIds, 'every order ends');
  await cleared(s, 'nothing is left over');
  assert.equal(await up.stop(), 0);
  assertDoneOnce(s, woIds);
}

/** Rule 1: the lane is taken away and made again while orders come: each is on record, or went with the lane. */
export async function vanishingLane(t: TestContext, rounds: number): Promise<{ taken: number; gone: number }> {
  const s = raceStation(t);
  const up = await s.up(t);
  const lane = s.path('bridge/inbox/MAIN');
  const dropped: string[] = [];
  for (let round = 0; round < rounds; round++) {
    for (let n = 0; n < 5; n++) {
      const woId = `WO-${round}-${n}`;
      writeFileSync(s.path('.git/drop.tmp'), JSON.stringify(fileOrder(woId)));
      mkdirSync(lane, { recursive: true });
      renameSync(s.path('.git/drop.tmp'), join(lane, `${woId}.json`));
      dropped.push(woId);
      await pause(Math.random() * 60);
    }
    // a rename: what was in it can be counted, where `rm -rf` would not tell
    renameSync(lane, s.path(`.git/away-${round}`));
    if (round % 2 === 0) mkdirSync(lane, { recursive: true });
    await pause(Math.random() * 100);
  }
  const gone = new Set(
    Array.from({ length: rounds }, (_, round) => readdirSync(s.path(`.git/away-${round}`)))
      .flat()
      .map((name) => name.replace(/\.json$/, '')),
  );
  const taken = dropped.filter((woId) => !gone.has(woId));
  await allEnded(s, taken, 'every order that was taken ends');
  await cleared(s, 'nothing is left over');
  assert.equal(await up.stop(), 0);
  assertDoneOnce(s, taken);
  return { taken: taken.length, gone: gone.size };
}

interface Save {
  readonly n: number;
  readonly text: string;
  readonly at: number;
  readonly until: number;
  readonly byRename: boolean;
}

/** What became of the saves. */
export interface Saves {
  saves: number;
  /** Saves between an order's landing record and the record that it landed, or was refused. */
  met: number;
  inPlace: number;
  kept: number;
  preImage: number;
  lost: string[];
  done: number;
  refused: number;
}

/** Rule 1: a person saves targets at the instant of landing, in place and by rename. Each save is still there afterwards. */
export async function savesAtLanding(t: TestContext, targets: number, saves: number): Promise<Saves> {
  const files = Object.fromEntries(Array.from({ length: targets }, (_, n) => [`t/${n}.txt`, `begin ${n}\n`]));
  const s = raceStation(t, files);
  const up = await s.up(t);
  const child = spawn(process.execPath, [SAVER, s.root, String(targets)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise((done) => child.once('exit', done));
  t.defer(() => {
    child.kill('SIGKILL');
    return ended;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const told = ledgerTail(s);
  const sum: Saves = { saves: 0, met: 0, inPlace: 0, kept: 0, preImage: 0, lost: [], done: 0, refused: 0 };
  for (let round = 0; sum.saves < saves; round++) {
    child.stdin.write(`${round}\n`);
    const waiting = new Set<string>();
    for (let n = 0; n < targets; n++) {
      const woId = `WO-${round}-${n}`;
      waiting.add(woId);
      const action = { action: 'append', path: `t/${n}.txt`, content: `${round} ${n}\n` };
      writeFileSync(
        s.path('.git/drop.tmp'),
        JSON.stringify({ wo_id: woId, title: 'x', retries: 0, actions: [action] }),
      );
      renameSync(s.path('.git/drop.tmp'), s.path('bridge/inbox/MAIN', `${woId}.json`));
    }
    const records: Told[] = [];
    const over = () => {
      for (const record of told()) {
        records.push(record);
        if (record.wo_id !== null && ['done', 'failed', 'rejected'].includes(record.to ?? ''))
          waiting.delete(record.wo_id);
      }
      return waiting.size === 0;
    };
    const made = JSON.parse(String((await lines.next()).value)) as Save[];
    await until(over, `round ${round} ends`, WAIT_MS);
    account(s, sum, round, made, records);
    // she lets go of her saves, so that the next orders find what is committed
    s.git('checkout', '--quiet', '--', 't');
  }
  child.stdin.end();
  await ended;
  await cleared(s, 'nothing is left over');
  assert.equal(await up.stop(), 0);
  const verified = s.waybill('verify');
  assert.equal(verified.code, 0, verified.stdout);
  s.git('fsck', '--strict', '--no-dangling');
  return sum;
}

function account(s: TestStation, sum: Saves, round: number, made: readonly Save[], records: readonly Told[]): void {
  const keptTexts = new Set(s.names('.git/waybill/kept').map((name) => s.read(`.git/waybill/kept/${name}`)));
  for (const save of made) {
    sum.saves++;
    const own = records.filter((r) => r.wo_id === `WO-${round}-${save.n}`);
    const from = own.find((r) => r.event === 'landing')?.ts;
    const to = own.findLast((r) => r.event === 'landed' || r.event === 'failed')?.ts;
    if (from !== undefined && to !== undefined && save.until >= Date.parse(from) && save.at <= Date.parse(to) + 1)
      sum.met++;
    const end = own.find((r) => r.to === 'done' || r.to === 'failed');
    if (end?.to === 'done') sum.done++;
    else {
      sum.refused++;
      assert.match(end?.data.error?.code ?? '', /^(TARGET_CHANGED|DIRTY_TARGET)$/, `round ${round}: ${end?.wo_id}`);
    }
    if (s.read(`t/${save.n}.txt`) === save.text) sum.inPlace++;
    else if (keptTexts.has(save.text)) sum.kept++;
    else if (isPreImage(s, own, save)) sum.preImage++;
    else
      sum.lost.push(
        `round ${round}, target ${save.n}, ${save.byRename ? 'by rename' : 'in place'}: ${JSON.stringify(s.read(`t/${save.n}.txt`))}`,
      );
  }
}

/** Whether the order took exactly her save for its pre-image, and the repository has it. */
function isPreImage(s: TestStation, own: readonly Told[], save: Save): boolean {
  return own
    .flatMap((r) => (r.event === 'landing' ? (r.data.changes ?? []) : []))
    .some(({ before }) => before !== null && s.git('cat-file', 'blob', before.disk) === save.text.trimEnd());
}
