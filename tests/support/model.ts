import { spawnSync } from 'node:child_process';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { newUlid } from '../../src/platform/ids.ts';
import { newKey } from './deciding.ts';
import {
  assertAgreed,
  CLASSES,
  type Class,
  classNow,
  Decider,
  type Key,
  policyOf,
  strayWorktrees,
} from './model-asking.ts';
import { ledger, type Told } from './races.ts';
import { type TestStation, testStation } from './station.ts';
import { assert, type TestContext } from './suite.ts';

/**
 * Random sequences of what happens to a station, against a simple model of what must hold after each run: every order known, in a state
 * that something done to it explains, done at most once, by at most one commit. Rules 1, 3 and 4.
 */

type OrderCommand = 'cancel' | 'retry' | 'hold' | 'release';
type Kind = 'new file' | 'line' | 'fails' | 'held' | 'asks' | 'asks for a line' | 'expires' | 'apart';
type GitStep =
  | 'commit hers'
  | 'commit -a'
  | 'reset --hard HEAD~1'
  | 'other branch'
  | 'main'
  | 'stash -u, pop'
  | 'clean -fdx';

export type Step =
  | { do: 'drop'; kind: Kind; after: number | null }
  | { do: 'drop again'; which: number }
  | { do: 'drop other bytes'; which: number }
  | { do: OrderCommand; which: number }
  | { do: 'approve' | 'deny'; which: number }
  | { do: 'policy'; of: Class }
  | { do: 'git'; what: GitStep }
  | { do: 'run' }
  | { do: 'kill'; at: number };

/** `which` counts back from the newest order; `after` is a dependency, by its distance: above zero on a later one. */
const which = fc.nat({ max: 6 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.record({
      do: fc.constant('drop' as const),
      kind: fc.oneof(
        { weight: 5, arbitrary: fc.constant<Kind>('new file') },
        { weight: 5, arbitrary: fc.constant<Kind>('line') },
        { weight: 1, arbitrary: fc.constantFrom<Kind>('fails', 'held', 'expires') },
        { weight: 5, arbitrary: fc.constantFrom<Kind>('asks', 'asks for a line') },
        { weight: 3, arbitrary: fc.constant<Kind>('apart') },
      ),
      after: fc.option(
        fc.integer({ min: -4, max: 2 }).filter((n) => n !== 0),
        { freq: 3 },
      ),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('drop again' as const), which }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('drop other bytes' as const), which }) },
  {
    weight: 24,
    arbitrary: fc.record({ do: fc.constantFrom<OrderCommand>('cancel', 'retry', 'hold', 'release'), which }),
  },
  {
    weight: 24,
    arbitrary: fc.record({
      do: fc.constant('git' as const),
      what: fc.constantFrom<GitStep>(
        'commit hers',
        'commit -a',
        'reset --hard HEAD~1',
        'other branch',
        'main',
        'main',
        'stash -u, pop',
        'clean -fdx',
      ),
    }),
  },
  {
    weight: 16,
    arbitrary: fc.record({ do: fc.constantFrom('approve' as const, 'approve' as const, 'deny' as const), which }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('policy' as const), of: fc.constantFrom('ask', ...CLASSES) }) },
  { weight: 6, arbitrary: fc.constant<Step>({ do: 'run' }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('kill' as const), at: fc.integer({ min: 1, max: 45 }) }) },
);

const SETTINGS = 'lanes: {MAIN: {}}\nworktrees: {folder: ../worktrees, idle: 1}\n';

/** What came up in a run of the model. */
export interface ModelSum {
  readonly steps: number;
  readonly runs: number;
  readonly kills: number;
  readonly approved: number;
  readonly denied: number;
  readonly expired: number;
  /** Because what was agreed to is not what would happen now. */
  readonly askedAgain: number;
  /** Commands in worktrees. */
  readonly apart: number;
}

export interface ModelRun {
  readonly seed: number;
  readonly steps: number;
}

/** Runs sequences until `steps` are done; tells how many of them were runs and kills. Throws at the first difference, with the sequence. */
export async function runModel(t: TestContext, run: ModelRun): Promise<ModelSum> {
  const sum = { steps: 0, runs: 0, kills: 0, approved: 0, denied: 0, expired: 0, askedAgain: 0, apart: 0 };
  const key = newKey(t, 'berta');
  const sequences = fc.sample(fc.array(step, { minLength: 60, maxLength: 100, size: 'max' }), {
    seed: run.seed,
    numRuns: Math.ceil(run.steps / 60),
  });
  for (const sequence of sequences) {
    const files = { 'hers.txt': 'hers\n', 'log.txt': 'begin\n', 'asked/log.txt': 'begin\n' };
    const policy = policyOf('ask', key);
    const model = new Model(testStation(t, { files, policy, settings: SETTINGS }), key);
    for (const [n, it] of [...sequence, { do: 'git', what: 'main' } as const, { do: 'run' } as const].entries()) {
      if (sum.steps >= run.steps) return sum;
      try {
        model.step(it);
      } catch (error) {
        const told = sequence.slice(0, n + 1).map((s) => JSON.stringify(s));
        throw new Error(
          `seed ${run.seed}: ${error instanceof Error ? error.message : String(error)}\n${told.join('\n')}`,
        );
      }
      sum.steps++;
      if (it.do === 'run') sum.runs++;
      if (it.do === 'kill') sum.kills++;
    }
    model.finish();
    const events = ledger(model.s);
    const count = (holds: (told: Told) => boolean) => events.filter(holds).length;
    sum.approved += count(({ event }) => event === 'approved');
    sum.denied += count(({ event }) => event === 'denied');
    sum.expired += count(({ event }) => event === 'expired');
    sum.askedAgain += count(({ data }) => typeof data.ask === 'object' && data.ask.changed.length > 0);
    sum.apart += count(({ event }) => event === 'command');
    rmSync(join(model.s.root, '..'), { recursive: true, force: true });
  }
  return sum;
}

interface Known {
  readonly kind: Kind;
  readonly text: string;
  readonly dependsOn: string | null;
  /** Commands that were sent for it, and ways of dropping it. */
  readonly sent: Set<string>;
  /** Its drop may have gone in a `git clean` before it was claimed. */
  mayBeGone: boolean;
  /** Its file changed while a kill had cut its landing short. */
  wasCutShort: boolean;
}

class Model {
  readonly s: TestStation;
  readonly orders = new Map<string, Known>();
  #n = 0;
  #edits = 0;
  #runs = 0;
  #killed = false;
  readonly #key: Key;
  readonly #decider: Decider;
  /** What policy said of `asked/` in any run until now. */
  readonly #classes = new Set<Class>();
  #seq = 0;

  constructor(s: TestStation, key: Key) {
    this.s = s;
    this.#key = key;
    this.#decider = new Decider(s, key);
    for (let n = 0; n < 4; n++) {
      s.write(`history/${n}`, `${n}\n`);
      s.commitAll(`History ${n}`);
    }
    s.git('branch', 'other');
  }

  step(it: Step): void {
    switch (it.do) {
      case 'drop':
        this.#drop(it.kind, it.after);
        return;
      case 'drop again':
      case 'drop other bytes': {
        const found = this.#which(it.which);
        if (found === null) return;
        const [woId, order] = found;
        order.sent.add(it.do);
        this.#put(woId, it.do === 'drop again' ? order.text : order.text.replace('"title":"', '"title":"other '));
        return;
      }
      case 'git':
        this.#git(it.what);
        return;
      case 'run':
        this.#run();
        return;
      case 'approve':
      case 'deny': {
        const woId = this.#decider.decide(it.do, it.which);
        if (woId !== null) this.orders.get(woId)?.sent.add(it.do);
        return;
      }
      case 'policy':
        this.s.write('policy.yaml', policyOf(it.of, this.#key));
        this.#try('commit', '--quiet', '-m', `It is ${it.of}`, '--', 'policy.yaml');
        return;
      case 'kill': {
        this.#classes.add(classNow(this.s));
        const before = this.#hers();
        this.#killed = this.s.drainKilledAt(it.at).killed || this.#killed;
        assert.deepEqual(this.#hers(), before, 'what she has stays as it is, also under a kill');
        this.#assertAgreed(ledger(this.s));
        return;
      }
      default: {
        const found = this.#which(it.which);
        if (found === null) return;
        found[1].sent.add(it.do);
        const command = { v: 1, command: it.do, at: new Date().toISOString(), wo_id: found[0] };
        writeFileSync(this.s.path('.git/command.tmp'), JSON.stringify(command));
        renameSync(this.s.path('.git/command.tmp'), this.s.path(`.git/waybill/commands/${newUlid()}.json`));
      }
    }
  }

  /** What holds at the end of a sequence: nothing is left over, and all of it can be proved. */
  finish(): void {
    const alive = [...this.#standing()].filter(([, r]) => !isEnd(r.to)).map(([woId]) => woId);
    const left = this.s.leftovers().filter((l) => !l.startsWith('claimed/') && !/\/keep\//.test(l));
    assert.deepEqual(left, [], 'nothing is left over');
    assert.equal(this.s.names('.git/waybill/claimed').length, alive.length, 'a claim for each order that waits');
    assert.deepEqual(strayWorktrees(this.s), [], 'every worktree waits for the next order');
    this.#verify();
  }

  /** Of orders that asked under this policy, nothing landed since the last look that nobody agreed to. */
  #assertAgreed(records: readonly Told[]): void {
    const isAsked = classNow(this.s) === 'ask';
    for (const [woId, { kind }] of this.orders)
      if (kind === 'expires' || (isAsked && isAsking(kind)))
        assertAgreed(
          woId,
          records.filter((r) => r.wo_id === woId),
          this.#seq,
        );
    this.#seq = records.at(-1)?.seq ?? 0;
  }

  /** A second each: not after every run. */
  #verify(): void {
    const verified = this.s.waybill('verify');
    assert.equal(verified.code, 0, `verify: ${verified.stdout}`);
    this.s.git('fsck', '--strict', '--no-dangling');
  }

  #which(back: number): [string, Known] | null {
    return [...this.orders][this.orders.size - 1 - back] ?? null;
  }

  #drop(kind: Kind, after: number | null): void {
    const n = this.#n++;
    const woId = `WO-${n}`;
    const dependsOn = after === null || n + after < 0 ? null : `WO-${n + after}`;
    const work =
      kind === 'new file'
        ? { files: [{ path: `made/${n}`, content: `${n}\n` }] }
        : kind === 'line'
          ? { actions: [{ action: 'append', path: 'log.txt', content: `${n}\n` }] }
          : kind === 'held'
            ? { hold: true, files: [{ path: `made/${n}`, content: `${n}\n` }] }
            : kind !== 'fails'
              ? guardedWork(kind, n, woId)
              : { actions: [{ action: 'delete', path: 'not/there' }] };
    const text = JSON.stringify({
      wo_id: woId,
      title: `order ${n}`,
      ...(dependsOn === null ? {} : { depends_on: [dependsOn] }),
      ...work,
    });
    this.orders.set(woId, { kind, text, dependsOn, sent: new Set(), mayBeGone: false, wasCutShort: false });
    this.#put(woId, text);
  }

  /** Two drops of one order before a run are two files. */
  #put(woId: string, text: string): void {
    const drops = this.s.names('bridge/inbox/MAIN').length;
    this.s.write(`bridge/inbox/MAIN/${woId}.${String(drops).padStart(3, '0')}.json`, text);
  }

  #git(what: GitStep): void {
    const { s } = this;
    const save = () => s.write('hers.txt', `hers ${++this.#edits}\n`);
    switch (what) {
      case 'commit hers':
        save();
        this.#try('commit', '--quiet', '-m', 'Hers', '--', 'hers.txt');
        return;
      case 'commit -a':
        save();
        this.#try('commit', '--quiet', '-a', '-m', 'Hers');
        return;
      case 'reset --hard HEAD~1':
        // what init committed stays
        if (this.#try('cat-file', '-e', 'HEAD~1:history/3')) this.#try('reset', '--quiet', '--hard', 'HEAD~1');
        return;
      case 'other branch':
        this.#try('checkout', '--quiet', 'other');
        return;
      case 'main':
        this.#try('checkout', '--quiet', 'main');
        return;
      case 'stash -u, pop':
        save();
        if (this.#try('stash', '--quiet', '-u')) this.#try('stash', 'pop', '--quiet');
        return;
      case 'clean -fdx':
        this.#try('clean', '--quiet', '-fdx');
        for (const order of this.orders.values()) order.mayBeGone = true;
    }
  }

  /** Git may refuse: a killed station's lock lies there, or her own edits are in the way. */
  #try(...args: string[]): boolean {
    const env = { ...process.env, GIT_AUTHOR_NAME: 'Berta', GIT_COMMITTER_NAME: 'Berta' };
    return spawnSync('git', args, { cwd: this.s.root, stdio: 'ignore', env }).status === 0;
  }

  /** Her file, her stash, and her commits, as far as the station could take them. */
  #hers(): unknown {
    return [
      this.s.exists('hers.txt') ? this.s.read('hers.txt') : null,
      this.s.git('stash', 'list', '--format=%H'),
      // several in one second come in another order when other commits stand beside them
      this.s.git('log', '--branches', '--author=Berta', '--format=%H').split('\n').sort(),
    ];
  }

  #standing(): Map<string, Told> {
    const at = new Map<string, Told>();
    for (const record of ledger(this.s)) if (record.wo_id !== null && record.to !== null) at.set(record.wo_id, record);
    return at;
  }

  #run(): void {
    const { s } = this;
    const before = this.#hers();
    this.#classes.add(classNow(s));
    s.drain();
    assert.deepEqual(this.#hers(), before, 'what she has stays as it is');
    for (const name of s.names('.git/waybill/commands'))
      if (name.endsWith('.refused.json')) rmSync(s.path('.git/waybill/commands', name));
    assert.deepEqual(s.names('bridge/inbox/MAIN'), [], 'every drop is taken');
    const records = ledger(s);
    this.#assertAgreed(records);
    const standing = this.#standing();
    const branch = s.git('symbolic-ref', 'HEAD');
    for (const [woId, order] of this.orders) {
      const at = standing.get(woId);
      if (at === undefined) {
        assert.ok(order.mayBeGone, `${woId} is known`);
        continue;
      }
      const begun = records.findLast((r) => r.wo_id === woId && r.event === 'started');
      this.#assertExplained(woId, order, s.state(woId), standing, begun?.data.branch === branch);
      assert.equal(s.state(woId).status, at.to, `${woId}: its state says what the ledger says`);
      const own = records.filter((r) => r.wo_id === woId);
      assert.ok(own.filter((r) => r.event === 'succeeded').length <= 1, `${woId} is done once`);
      assert.ok(own.filter((r) => r.event === 'landed').length <= 1, `${woId} landed once`);
      if (at.to === 'parked' && s.state(woId).waiting_for === 'approval') this.#decider.note(woId);
      if (order.kind === 'apart') this.#assertRan(woId, own);
    }
    const commits = new Map<string, number>();
    // what is kept for an order bears its name as well
    const landed = ['--exclude=refs/waybill/*/keep/*', '--all', '--reflog'];
    const log = s.git('log', ...landed, '--format=%cn %(trailers:key=Work-Order,valueonly)');
    for (const line of log.split('\n').filter((l) => l.startsWith('Anna WO-')))
      commits.set(line, (commits.get(line) ?? 0) + 1);
    for (const [line, count] of commits) assert.equal(count, 1, `${line} has ${count} commits`);
    if (++this.#runs % 3 === 0) this.#verify();
    this.#killed = false;
  }

  /** Once an attempt; and where it did not land, what it made is kept. */
  #assertRan(woId: string, own: readonly Told[]): void {
    const runs = this.s.exists(`.git/ran-${woId}`) ? this.s.read(`.git/ran-${woId}`).split('\n').length - 1 : 0;
    const attempts = 1 + own.filter((r) => r.event === 'retried' || r.event === 'revised').length;
    assert.ok(runs <= attempts, `${woId}: its command ran ${runs} times in ${attempts} attempts`);
    if (this.s.state(woId).last_error?.code === 'EFFECT_UNVERIFIED' && runs > 0)
      assert.ok(this.s.kept().includes(woId), `${woId}: what it made is kept`);
  }

  /** Whether something that was done to an order explains where it stands. */
  #assertExplained(
    woId: string,
    order: Known,
    state: ReturnType<TestStation['state']>,
    standing: ReadonlyMap<string, Told>,
    startedHere: boolean,
  ): void {
    const where = `${woId} is ${state.status} ${state.waiting_for ?? ''} ${JSON.stringify(state.last_error)}`;
    const dependency = order.dependsOn === null ? undefined : (standing.get(order.dependsOn)?.to ?? 'unknown');
    const failures = [
      ...(order.kind === 'fails' ? ['TARGET_MISSING'] : []),
      ...(this.#killed || order.wasCutShort ? ['TARGET_CHANGED'] : []),
      ...(dependency === undefined ? [] : ['DEPENDENCY_FAILED']),
      ...(order.sent.has('deny') ? ['DENIED'] : []),
      ...(order.kind === 'expires' ? ['EXPIRED'] : []),
      ...(isAsking(order.kind) && this.#classes.has('never') ? ['POLICY_DENIED'] : []),
      ...(order.kind === 'apart' && (this.#killed || order.wasCutShort) ? ['EFFECT_UNVERIFIED'] : []),
    ];
    switch (state.status) {
      case 'done':
        assert.notEqual(order.kind, 'fails', where);
        if (order.kind === 'expires') assert.ok(order.sent.has('approve'), where);
        if (isAsking(order.kind)) assert.ok(order.sent.has('approve') || this.#classes.has('safe'), where);
        if (dependency !== undefined) assert.equal(dependency, 'done', `${where}, its dependency ${dependency}`);
        break;
      case 'cancelled':
        assert.ok(order.sent.has('cancel'), where);
        break;
      case 'failed':
        assert.ok(failures.includes(state.last_error?.code ?? ''), where);
        // it stays failed in later runs
        if (['TARGET_CHANGED', 'EFFECT_UNVERIFIED'].includes(state.last_error?.code ?? '')) order.wasCutShort = true;
        break;
      case 'rejected':
        assert.equal(state.last_error?.code, 'DEPENDENCY_CYCLE', where);
        assert.ok(dependency !== undefined, where);
        break;
      case 'parked':
        if (state.waiting_for === 'hold') assert.ok(order.kind === 'held' || order.sent.has('hold'), where);
        else if (state.waiting_for === 'approval')
          assert.ok(order.kind === 'expires' || (isAsking(order.kind) && this.#classes.has('ask')), where);
        else if (state.waiting_for === 'repository') assert.ok(!startedHere, where);
        else {
          assert.equal(state.waiting_for, 'dependency', where);
          assert.ok(dependency !== undefined && dependency !== 'done', `${where}, its dependency ${dependency}`);
        }
        break;
      default:
        assert.fail(where);
    }
  }
}

function isAsking(kind: Kind): boolean {
  return kind === 'asks' || kind === 'asks for a line';
}

function guardedWork(kind: Exclude<Kind, 'new file' | 'line' | 'fails' | 'held'>, n: number, woId: string): object {
  switch (kind) {
    case 'asks':
      return { files: [{ path: `asked/${n}`, content: `${n}\n` }] };
    case 'asks for a line':
      // whatever lands or is committed there meanwhile changes what was asked about
      return { actions: [{ action: 'append', path: 'asked/log.txt', content: `${n}\n` }] };
    case 'expires':
      return {
        approval: { expires: new Date(Date.now() + 500).toISOString() },
        files: [{ path: `made/${n}`, content: `${n}\n` }],
      };
    case 'apart': {
      const made = `mkdir -p made && echo ${n} > made/${n}`;
      return {
        actions: [{ action: 'command', command: `${made} && echo ran >> "$WAYBILL_STATION"/.git/ran-${woId}` }],
      };
    }
  }
}

function isEnd(to: string | null): boolean {
  return ['done', 'failed', 'rejected', 'cancelled'].includes(to ?? '');
}
