import { spawn, spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { ANYTHING, type TestStation, testStation, until } from './station.ts';
import { assert, type TestContext } from './suite.ts';

/**
 * What people do to a repository with git, and what must hold afterwards. Rule 1: nothing on record is lost, and no byte of hers is
 * overwritten. Rule 4: no order vanishes or runs twice. Her commits carry her own name, so that those of the station can be counted.
 */

const WAIT_MS = 90_000;
const HER_FILES = ['hers/staged.txt', 'hers/unstaged.txt', 'hers/untracked.txt'];

/** One thing she does. `mid` drops orders while she is in the middle of it. */
export interface Act {
  readonly name: string;
  /** Takes drops that nobody claimed yet with it. */
  readonly takesDrops?: boolean;
  readonly does: (w: World, mid: () => Promise<void>) => Promise<void>;
}

export const ACTS: readonly Act[] = [
  { name: 'reset --hard HEAD~5', does: async (w) => void (await w.git('reset', '--quiet', '--hard', 'HEAD~5')) },
  { name: 'checkout .', does: async (w) => void (await w.git('checkout', '--quiet', '.')) },
  {
    name: 'clean -fdx',
    takesDrops: true,
    // it may complain of a folder in which the station wrote meanwhile
    does: async (w) => void (await w.git('clean', '--quiet', '-fdx', { mayFail: true })),
  },
  {
    name: 'stash -u, and pop',
    does: async (w, mid) => {
      const before = HER_FILES.map((path) => w.s.read(path));
      await stash(w);
      await mid();
      assert.deepEqual(
        [
          await w.git('show', 'stash@{0}:hers/staged.txt'),
          await w.git('show', 'stash@{0}:hers/unstaged.txt'),
          await w.git('show', 'stash@{0}^3:hers/untracked.txt'),
        ],
        before.map((text) => text.trimEnd()),
        'her edits are in the stash',
      );
      await w.git('stash', 'pop', '--quiet', '--index');
    },
  },
  {
    name: 'another branch, and back',
    does: async (w, mid) => {
      await w.commitHers('before she goes');
      await w.git('checkout', '--quiet', 'other');
      await mid();
      await w.git('checkout', '--quiet', 'main');
    },
  },
  {
    name: 'rebase that stops, --abort',
    does: async (w, mid) => {
      await stopInRebase(w);
      await mid();
      await w.git('rebase', '--abort');
    },
  },
  {
    name: 'rebase that stops, --continue',
    does: async (w, mid) => {
      await stopInRebase(w);
      await mid();
      w.s.write('conflict.txt', 'settled\n');
      await w.git('add', 'conflict.txt');
      await w.git('rebase', '--continue');
      assert.equal(await w.git('symbolic-ref', '--short', 'HEAD'), 'main', 'the rebase is over');
    },
  },
  { name: 'commit -a', does: async (w) => void (await w.git('commit', '--quiet', '-a', '-m', 'Hers')) },
  {
    name: 'commit --amend',
    does: async (w) => void (await w.git('commit', '--quiet', '--amend', '-a', '--no-edit')),
  },
  {
    name: 'an editor open in commit -a',
    does: async (w, mid) => {
      const [open, go] = [w.s.path('.git/editor-open'), w.s.path('.git/editor-go')];
      for (const path of [open, go]) rmSync(path, { force: true });
      const edit = `touch '${open}'; while [ ! -e '${go}' ]; do sleep 0.05; done; echo Written >`;
      for (let tries = 0; ; tries++) {
        const child = spawn('git', ['commit', '--quiet', '-a'], {
          cwd: w.s.root,
          env: w.env({ GIT_EDITOR: `sh -c '${edit.replaceAll("'", "'\\''")} "$1"' edit` }),
          stdio: 'ignore',
        });
        w.t.defer(() => child.kill('SIGKILL'));
        const ended = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
        const refused = { yes: false };
        void ended.then(() => {
          refused.yes = true;
        });
        await until(() => refused.yes || w.s.exists('.git/editor-open'), 'her editor is open', WAIT_MS);
        // git told her that index.lock is taken: she tries again
        if (!w.s.exists('.git/editor-open') && tries < 50) continue;
        await mid();
        w.s.write('.git/editor-go', '');
        assert.equal(await ended, 0, 'her commit is made');
        return;
      }
    },
  },
  {
    name: 'gc --prune=now, after the reflog was expired',
    does: async (w) => {
      await w.git('reflog', 'expire', '--expire=all', '--all');
      await w.git('gc', '--quiet', '--prune=now');
    },
  },
  {
    name: 'a hard pull from a clean remote',
    does: async (w) => {
      await w.git('fetch', '--quiet', 'origin');
      await w.git('reset', '--quiet', '--hard', 'origin/main');
    },
  },
  {
    name: 'rm -rf state bridge/outbox',
    does: async (w) => {
      spawnSync('rm', ['-rf', 'state', 'bridge/outbox'], { cwd: w.s.root });
    },
  },
];

/**
 * Git takes index.lock several times for one stash, and says nothing where it cannot have it, even after the stash was made: then only
 * the reset that follows is left to do.
 */
async function stash(w: World): Promise<void> {
  for (const end = Date.now() + WAIT_MS; ; await pause(50)) {
    await w.git('stash', '--quiet', '-u', { mayFail: true });
    if ((await w.git('stash', 'list')) !== '') break;
    assert.ok(Date.now() < end, 'she can stash');
  }
  await w.git('reset', '--quiet', '--hard');
  rmSync(w.s.path('hers/untracked.txt'), { force: true });
}

/** A commit of hers on main, the opposite one on a branch, and main rebased onto that: it stops, with HEAD detached. */
async function stopInRebase(w: World): Promise<void> {
  await w.commitHers('before the rebase');
  w.turn++;
  await w.git('branch', '--force', 'upstream', 'HEAD');
  w.s.write('conflict.txt', `mine ${w.turn}\n`);
  await w.git('commit', '--quiet', '-m', 'Mine', '--', 'conflict.txt');
  const blob = (await w.git('hash-object', '-w', '--stdin', { input: `theirs ${w.turn}\n` })).trim();
  const env = { GIT_INDEX_FILE: w.s.path('.git/upstream.index') };
  await w.git('read-tree', 'upstream', { env });
  await w.git('update-index', '--cacheinfo', `100644,${blob},conflict.txt`, { env });
  const tree = await w.git('write-tree', { env });
  const theirs = await w.git('commit-tree', tree, '-p', 'upstream', '-m', 'Theirs');
  await w.git('update-ref', 'refs/heads/upstream', theirs);
  rmSync(w.s.path('.git/upstream.index'), { force: true });
  for (let tries = 0; !w.s.exists('.git/rebase-merge'); tries++) {
    assert.ok(tries < 50, 'the rebase begins');
    await w.git('rebase', '--quiet', 'upstream', { mayFail: true });
  }
  assert.match(await w.git('status', '--porcelain', '--untracked-files=no'), /^(AA|UU) conflict\.txt$/m);
}

interface GitOptions {
  readonly input?: string;
  readonly env?: Record<string, string>;
  readonly mayFail?: boolean;
}

/** A station with a history behind it, and a person who works in the same folder. */
export class World {
  readonly s: TestStation;
  readonly t: TestContext;
  /** Orders dropped so far. */
  readonly dropped: string[] = [];
  /** Orders that her act may have taken before they were claimed. */
  readonly mayBeGone = new Set<string>();
  /** Orders that were refused because she changed their file at that moment. */
  readonly refused = new Set<string>();
  turn = 0;

  constructor(t: TestContext) {
    this.t = t;
    this.s = testStation(t, {
      policy: ANYTHING,
      settings: 'intake: {scan_seconds: 1}\ngit: {lock_deadline_seconds: 2}\n',
      files: {
        'hers/staged.txt': 'a\n',
        'hers/unstaged.txt': 'b\n',
        'conflict.txt': 'base\n',
        'many.txt': Array.from({ length: 60 }, (_, n) => `line ${n}\n`).join(''),
      },
    });
    const { s } = this;
    for (let n = 0; n < 12; n++) {
      s.write(`history/${n}.txt`, `${n}\n`);
      s.commitAll(`History ${n}`);
    }
    s.git('branch', 'other', 'HEAD~2');
    s.git('clone', '--quiet', '--bare', '.', '../origin.git');
    s.git('remote', 'add', 'origin', '../origin.git');
    s.write('bridge/inbox/MAIN/broken.yaml', 'a: [\n...\n');
    s.drop({ wo_id: 'WO-FAILED', title: 'x', actions: [{ action: 'delete', path: 'not/there' }] });
    for (let n = 0; n < 4; n++) this.drop();
    s.drain();
  }

  env(more: Record<string, string> = {}): NodeJS.ProcessEnv {
    const [name, email] = ['Berta', 'berta@example.invalid'];
    return {
      ...process.env,
      GIT_AUTHOR_NAME: name,
      GIT_AUTHOR_EMAIL: email,
      GIT_COMMITTER_NAME: name,
      GIT_COMMITTER_EMAIL: email,
      GIT_EDITOR: 'true',
      ...more,
    };
  }

  /** A git command of hers. While the station holds a lock git refuses, and she does it again. */
  async git(...args: (string | GitOptions)[]): Promise<string> {
    const options = args.find((a): a is GitOptions => typeof a !== 'string') ?? {};
    const words = args.filter((a): a is string => typeof a === 'string');
    for (const end = Date.now() + WAIT_MS; ; ) {
      const { status, stdout, stderr } = spawnSync('git', words, {
        cwd: this.s.root,
        encoding: 'utf8',
        env: this.env(options.env),
        ...(options.input === undefined ? {} : { input: options.input }),
      });
      if (status === 0 || options.mayFail === true) return stdout.trimEnd();
      const locked = /\.lock|cannot lock ref|could not write index|unable to (write|update)/i.test(stderr);
      if (!locked || Date.now() > end) throw new Error(`git ${words.join(' ')} ended with ${status}: ${stderr}`);
      await pause(20 + Math.random() * 50);
    }
  }

  async commitHers(message: string): Promise<void> {
    await this.git('add', 'hers');
    await this.git('commit', '--quiet', '--allow-empty', '-m', message, '--', 'hers');
  }

  /** She has a file with staged, one with unstaged edits, and one that git does not know. */
  async edit(): Promise<void> {
    this.turn++;
    this.s.write('hers/staged.txt', `staged in turn ${this.turn}\n`);
    await this.git('add', 'hers/staged.txt');
    this.s.write('hers/unstaged.txt', `unstaged in turn ${this.turn}\n`);
    this.s.write('hers/untracked.txt', `untracked in turn ${this.turn}\n`);
  }

  /** What she has, in the tree and in the index. */
  async hers(): Promise<unknown> {
    const texts = HER_FILES.map((path) => (this.s.exists(path) ? this.s.read(path) : null));
    return { texts, index: await this.git('ls-files', '--stage', '--', 'hers') };
  }

  /** Drops the next order: a new file, a line of a file that many orders edit, or a command. */
  drop(): string {
    const n = this.dropped.length;
    const wo_id = `WO-${n}`;
    // landings of commands go one by one, at most one a second beside a person: few of them
    const work =
      n % 6 === 5
        ? { actions: [{ action: 'command', command: `echo ${n} > out${n}.txt`, outputs: [`out${n}.txt`] }] }
        : n % 2 === 0
          ? { files: [{ path: `made/${n}/${n}.txt`, content: `${n}\n` }] }
          : { actions: [{ action: 'append', path: `logs/${n % 4}.log`, content: `${n}\n` }] };
    this.s.write(`.git/drop-${wo_id}.tmp`, JSON.stringify({ wo_id, title: `order ${n}`, retries: 0, ...work }));
    this.s.write('bridge/inbox/MAIN/.there', '');
    this.s.move(`.git/drop-${wo_id}.tmp`, `bridge/inbox/MAIN/${wo_id}.json`);
    this.dropped.push(wo_id);
    return wo_id;
  }

  records(): { event: string; wo_id: string | null; attempt: number; to: string | null; data: Data }[] {
    return this.s
      .names('.git/waybill/ledger')
      .filter((name) => name.endsWith('.jsonl'))
      .flatMap((name) => this.s.read(`.git/waybill/ledger/${name}`).split('\n'))
      .flatMap((line) => {
        try {
          return line === '' ? [] : [JSON.parse(line)];
        } catch {
          return []; // the last line, being written
        }
      });
  }

  /** Where each order on record stands. */
  standing(): Map<string, string> {
    const at = new Map<string, string>();
    for (const { wo_id, to } of this.records()) if (wo_id !== null && to !== null) at.set(wo_id, to);
    return at;
  }

  /** Waits until no drop lies there any more and every order on record has ended. */
  async ended(what: string): Promise<void> {
    const over = () =>
      !this.s.names('bridge/inbox/MAIN').some((name) => name.endsWith('.json')) &&
      this.s.names('.git/waybill/claimed').length === 0 &&
      this.dropped.every((woId) => this.mayBeGone.has(woId) || this.standing().has(woId)) &&
      [...this.standing().values()].every((to) => END.includes(to));
    try {
      await until(over, what, WAIT_MS);
    } catch (error) {
      throw new Error(
        `${String(error)}: ${JSON.stringify([...this.standing()].filter(([, to]) => !END.includes(to)))}`,
      );
    }
  }

  /** What must hold after each act. */
  async assertWhole(what: string): Promise<void> {
    const { s } = this;
    const missing = () =>
      [...this.standing()].filter(
        ([woId, to]) =>
          !s.exists(`state/orders/${woId}.json`) ||
          (END.includes(to) &&
            (!s.exists(`bridge/outbox/MAIN/${woId}.result.json`) ||
              !s.exists(`state/evidence/${woId}/manifest.json`) ||
              s.state(woId).status !== to)),
      );
    await until(() => missing().length === 0, `${what}: states, results and evidence are there`, WAIT_MS).catch(
      (error: unknown) => {
        throw new Error(`${String(error)}: ${JSON.stringify(missing())}`);
      },
    );
    const broken = () =>
      s.names('bridge/quarantine/MAIN').some((n) => s.read(`bridge/quarantine/MAIN/${n}`) === 'a: [\n...\n');
    await until(() => broken() && s.rejections().length === 1, `${what}: what was refused is there`, WAIT_MS);
    const standing = this.standing();
    const records = this.records();
    const commits = this.stationCommits();
    for (const woId of this.dropped) {
      const to = standing.get(woId);
      if (to === undefined && this.mayBeGone.has(woId)) continue;
      const error = records.find((r) => r.wo_id === woId && r.event === 'failed')?.data.error;
      const told = JSON.stringify(error ?? null);
      // she changed its file between plan and landing: it is refused, and says so
      const refused = to === 'failed' && told.includes('TARGET_CHANGED') && Number(woId.slice(3)) % 2 === 1;
      if (refused) this.refused.add(woId);
      else assert.equal(to, 'done', `${what}: ${woId} ${told}`);
      const ends = records.filter((r) => r.wo_id === woId && r.to !== null && END.includes(r.to));
      assert.equal(ends.length, 1, `${what}: ${woId} ended once`);
      const landed = records.filter((r) => r.wo_id === woId && r.event === 'landed');
      assert.ok(landed.length <= 1, `${what}: ${woId} landed once`);
      assert.ok((commits.get(woId) ?? 0) <= 1, `${what}: ${woId} has ${commits.get(woId)} commits`);
    }
    await cleared(s, `${what}: nothing is left over`);
    const verified = s.waybill('verify');
    assert.equal(verified.code, 0, `${what}: ${verified.stdout}`);
    s.git('fsck', '--strict', '--no-dangling');
  }

  /** Commits the station made for each order, wherever they are now: on a branch, in a reflog, or nowhere since a gc. */
  stationCommits(): Map<string, number> {
    const counts = new Map<string, number>();
    const log = this.s.git('log', '--all', '--reflog', '--format=%cn %(trailers:key=Work-Order,valueonly)');
    for (const line of log.split('\n')) {
      const [by, woId] = line.split(' ');
      if (by === 'Anna' && woId !== undefined && woId !== '') counts.set(woId, (counts.get(woId) ?? 0) + 1);
    }
    return counts;
  }
}

interface Data {
  readonly error?: { code: string; message: string } | null;
}

export const END = ['done', 'failed', 'rejected', 'cancelled'];

/** She acts beside a running station. Before it and in the middle of it orders are dropped; afterwards everything is whole, and one more is done. */
export async function actBeside(w: World, act: Act, before: number): Promise<void> {
  await w.edit();
  const first = w.dropped.length;
  for (let n = 0; n < before; n++) {
    w.drop();
    await pause(Math.random() * 60);
  }
  await act.does(w, async () => {
    const ids = [w.drop(), w.drop()];
    const taken = () => ids.every((id) => ['parked', 'done'].includes(w.standing().get(id) ?? ''));
    await until(taken, `${act.name}: the orders in the middle are taken`, WAIT_MS);
  });
  if (act.takesDrops === true) for (const woId of w.dropped.slice(first)) w.mayBeGone.add(woId);
  const hers = await w.hers();
  for (let n = 0; n < before / 4; n++) w.drop();
  w.drop();
  await w.ended(act.name);
  await w.assertWhole(act.name);
  assert.deepEqual(await w.hers(), hers, `${act.name}: what she has stays as it is`);
}

/** She acts while no station runs: `waybill restore` brings back what her act took. */
export async function actAlone(w: World, act: Act): Promise<void> {
  // every other time: a drain takes a second
  if (w.turn % 2 === 0) {
    w.drop();
    w.s.drain();
  }
  await w.edit();
  let midway = false;
  await act.does(w, async () => {
    midway = true;
    for (let n = 0; n < 2; n++) w.drop();
    w.s.drain();
  });
  const hers = await w.hers();
  if (midway) w.s.drain();
  const restored = w.s.waybill('restore');
  assert.equal(restored.code, 0, `${act.name}: restore: ${restored.stderr}`);
  await w.ended(act.name);
  await w.assertWhole(act.name);
  assert.deepEqual(await w.hers(), hers, `${act.name}: what she has stays as it is`);
}

/** Waits until a landing, a claim and a flush have left nothing behind. */
export async function cleared(s: TestStation, what: string): Promise<void> {
  const left = () => {
    try {
      return s.leftovers();
    } catch (error) {
      return [String(error)]; // a folder that went while it was looked through
    }
  };
  await until(() => left().length === 0, what, WAIT_MS).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${left().join(' ')}`);
  });
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds));
}
