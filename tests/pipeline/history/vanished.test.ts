import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { assert, suite } from '../../support/suite.ts';
import {
  assertVanished,
  between,
  COMPONENT,
  historyOf,
  pause,
  run,
  scan,
  withComponent,
} from '../../support/vanishing.ts';

/**
 * Rule 15, and seed 003's test 7: a component that vanishes behind the station's back is reported as "was working at T1, vanished between T1
 * and T2, because ...", and never as "never worked".
 */

const test = suite('what became of a component that is gone', { needs: ['git', 'rsync'] });

test('rm: removed outside of git, at the time of its folder; which program it was, nobody claims to know', async (t) => {
  const s = withComponent(t);
  const at = await between(s, () => rmSync(s.path(COMPONENT)));
  const h = historyOf(s);
  assertVanished(h, at, 'outside_git', 'likely');
  assert.match(
    h.cause?.text ?? '',
    /removed outside of git's records \(rm, mv, rsync or another program; which one, nothing/,
  );
  assert.ok((h.cause?.at ?? '') > at.t1 && (h.cause?.at ?? '') < at.t2, 'the folder tells when');
  assert.match(
    h.cause?.evidence.join('\n') ?? '',
    /HEAD still has it: no commit, checkout, reset, pull or order took it/,
  );
  assert.deepEqual([h.advice?.do, h.advice?.command], ['restore', `git checkout HEAD -- ${COMPONENT}`]);
  run(s, 'sh', '-c', h.advice?.command ?? 'false');
  assert.equal(historyOf(s).answer, 'fine');
});

test('git reset --hard to an older commit: certain, with the commits and how to have it back', async (t) => {
  const s = withComponent(t);
  const at = await between(s, () => s.git('reset', '--quiet', '--hard', 'HEAD~1'));
  const h = historyOf(s);
  assertVanished(h, at, 'reset', 'certain');
  assert.match(h.cause?.text ?? '', /^a reset moved HEAD from [0-9a-f]{10} to [0-9a-f]{10}, which does not have it$/);
  assert.match(h.cause?.evidence[0] ?? '', /^HEAD@\{0\}: reset: moving to HEAD~1 \(Anna\)/);
  assert.ok(h.between.some(({ source, kind }) => source === 'reflog' && kind === 'reset'));
  run(s, 'sh', '-c', h.advice?.command ?? 'false');
  assert.equal(s.read(COMPONENT).length > 0, true, 'the advice brings it back');
});

test('checkout of an older branch', async (t) => {
  const s = withComponent(t);
  s.git('branch', 'older', 'HEAD~1');
  const at = await between(s, () => s.git('checkout', '--quiet', 'older'));
  const h = historyOf(s);
  assertVanished(h, at, 'checkout', 'certain');
  assert.match(h.cause?.text ?? '', /a checkout moved HEAD .* \(moving from main to older/);
});

test('git pull that deletes it: the pull, and the commit that it brought', async (t) => {
  const s = withComponent(t);
  const theirs = join(t.tempDir(), 'theirs');
  execFileSync('git', ['clone', '--quiet', s.root, theirs]);
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=Bert', '-c', 'user.email=b@example.invalid', ...args], { cwd: theirs });
  git('rm', '--quiet', COMPONENT);
  git('commit', '--quiet', '-m', 'Tidy up the agents');
  s.git('remote', 'add', 'origin', theirs);
  const at = await between(s, () => s.git('pull', '--quiet', '--ff-only', 'origin', 'main'));
  const h = historyOf(s);
  assertVanished(h, at, 'pull', 'certain');
  assert.match(h.cause?.text ?? '', /^a pull brought commit [0-9a-f]{10}, which deleted it$/);
  assert.match(h.cause?.evidence.join('\n') ?? '', /Tidy up the agents \(Bert/);
});

test('git stash -u takes a file that nobody committed, and still has it, also after the stash was dropped where hooks saw it', async (t) => {
  const s = withComponent(t, true);
  const at = await between(s, () => s.git('stash', 'push', '--quiet', '--include-untracked'));
  const h = historyOf(s);
  assertVanished(h, at, 'stash', 'certain');
  assert.match(h.cause?.text ?? '', /a stash took it, and still has it \(stash@\{0\}\)/);
  run(s, 'sh', '-c', h.advice?.command ?? 'false');
  assert.equal(historyOf(s).answer, 'fine', 'the advice brings it back');
});

test('git stash takes a file that was added and not committed', async (t) => {
  const s = withComponent(t, true);
  s.git('add', COMPONENT);
  const at = await between(s, () => s.git('stash', 'push', '--quiet'));
  assertVanished(historyOf(s), at, 'stash', 'certain');
});

test('git clean -fd: gone outside of git, among what git does not track', async (t) => {
  const s = withComponent(t, true);
  const at = await between(s, () => s.git('clean', '-fd', '--quiet'));
  const h = historyOf(s);
  assertVanished(h, at, 'outside_git', 'likely');
  assert.match(h.cause?.text ?? '', /rm, mv, rsync, git clean or another program/);
});

test('git clean -fdx takes the telemetry too: what the guardrail remembers, and what was swept, tell', async (t) => {
  const s = withComponent(t, true);
  // the station of a test is a copy, and says when it was made
  const made = JSON.parse(s.read('.git/waybill/station.json')) as object;
  s.write('.git/waybill/station.json', JSON.stringify({ ...made, created_at: new Date().toISOString() }));
  // older than a start of a station takes, as its folders are told from those that init made
  await pause(10_500);
  const at = await between(s, () => s.git('clean', '-fdx', '--quiet'));
  rmSync(s.path('state'), { recursive: true });
  const t2 = scan(s, COMPONENT, { kind: 'missing', good_at: at.t1, since: at.t2 });
  s.drain();
  const h = historyOf(s);
  assertVanished(h, at, 'clean', 'likely');
  assert.match(h.cause?.text ?? '', /swept away what git does not track, as `git clean -fdx` does/);
  assert.ok(t2 > at.t2);
});

test('git clean -fdx with nothing left to read: unknown, and not "never existed"', async (t) => {
  const s = withComponent(t, true);
  scan(s, null);
  s.git('clean', '-fdx', '--quiet');
  const h = historyOf(s);
  assert.equal(h.answer, 'unknown', h.summary);
  assert.deepEqual([h.cause?.kind, h.advice?.do], ['unknown', 'investigate']);
});

test('rsync --delete: removed outside of git, its folder set back, others gone with it', async (t) => {
  const s = withComponent(t);
  const copy = join(t.tempDir(), 'copy');
  cpSync(s.path('agents'), copy, { recursive: true, preserveTimestamps: true });
  for (const name of ['wo_executor/wo_executor.zsh', 'json_wo/json_wo.zsh']) rmSync(join(copy, name));
  for (const name of ['wo_executor', 'json_wo', '.']) execFileSync('touch', ['-d', '2020-01-01', join(copy, name)]);
  const at = await between(s, () => run(s, 'rsync', '--archive', '--delete', `${copy}/`, s.path('agents/')));
  const h = historyOf(s);
  assertVanished(h, at, 'mirror', 'likely');
  assert.match(
    h.cause?.text ?? '',
    /time was set back afterwards, as `rsync -a --delete` and other mirroring programs do/,
  );
  assert.match(h.cause?.evidence.join('\n') ?? '', /so is one other file that git knows/);
});

test('rsync --delete without times looks as rm does, and no more is claimed', async (t) => {
  const s = withComponent(t);
  const copy = join(t.tempDir(), 'copy');
  cpSync(s.path('agents'), copy, { recursive: true });
  rmSync(join(copy, 'wo_executor/wo_executor.zsh'));
  const at = await between(s, () => run(s, 'rsync', '--recursive', '--delete', `${copy}/`, s.path('agents/')));
  assertVanished(historyOf(s), at, 'outside_git', 'likely');
});

test('an order that deleted it: by its id, with its commit, and no call to undo what was asked for', async (t) => {
  const s = withComponent(t);
  const at = await between(s, () => {
    s.drop({ wo_id: 'WO-TIDY', title: 'Tidy', actions: [{ action: 'delete', path: COMPONENT }] });
    s.drain();
  });
  const h = historyOf(s);
  assertVanished(h, at, 'order', 'certain');
  assert.match(h.cause?.text ?? '', /^order WO-TIDY deleted it \(commit [0-9a-f]{10}\)$/);
  assert.equal(h.advice?.do, 'none');
  assert.ok(h.between.some(({ source, text }) => source === 'ledger' && /order WO-TIDY deleted it/.test(text)));
});

test('a command of an order that removed it beside its own work', async (t) => {
  const s = withComponent(t);
  const line = `sleep 1; rm ${COMPONENT}; sleep 1`;
  s.write(
    'policy.yaml',
    `version: 1\nrules: [{class: safe, commands: ["${line}"]}]\nisolation: {commands: in_place}\n`,
  );
  s.commitAll('Allow it');
  const at = await between(s, () => {
    s.drop({
      wo_id: 'WO-SIDE',
      title: 'Side effect',
      actions: [{ action: 'command', command: line }],
    });
    s.drain();
  });
  const h = historyOf(s);
  assertVanished(h, at, 'order', 'likely');
  assert.match(h.cause?.text ?? '', /it went while order WO-SIDE ran/);
});

test('a rollback: its log names the folder, as in the seed', async (t) => {
  const s = withComponent(t);
  const at = await between(s, () => {
    rmSync(s.path('agents/wo_executor'), { recursive: true });
    mkdirSync(s.path('logs'), { recursive: true });
    const line = `[${new Date().toISOString()}] rm -rf agents/wo_executor\n`;
    appendFileSync(
      s.path('logs/rollback_phase6_week1.log'),
      `[2020-01-01T00:00:00Z] rm -rf agents/wo_executor\n${line}`,
    );
  });
  const h = historyOf(s);
  assertVanished(h, at, 'rollback', 'likely');
  assert.match(
    h.cause?.evidence[0] ?? '',
    /rollback_phase6_week1\.log, line 1 from its end: .*rm -rf agents\/wo_executor/,
  );
});

test('a commit that moved it is no loss: where it went is told', async (t) => {
  const s = withComponent(t);
  const at = await between(s, () => {
    s.git('mv', COMPONENT, 'agents/executor.zsh');
    s.git('commit', '--quiet', '-m', 'Shorter names');
  });
  const h = historyOf(s);
  assertVanished(h, at, 'commit', 'certain');
  assert.match(h.cause?.text ?? '', /moved it to agents\/executor\.zsh/);
  assert.equal(h.advice?.do, 'none');
});

test('what vanished again is told by its last disappearance, and a scan that told of others only found it in order', async (t) => {
  const s = withComponent(t);
  await between(s, () => s.git('reset', '--quiet', '--hard', 'HEAD~1'));
  s.git('reset', '--quiet', '--hard', 'HEAD@{1}');
  await pause(1100);
  const t1 = scan(s, 'agents/json_wo/json_wo.zsh');
  await pause(1100);
  rmSync(s.path(COMPONENT));
  await pause(2100);
  const t2 = scan(s, COMPONENT);
  assertVanished(historyOf(s), { t1, t2 }, 'outside_git', 'likely');
});

test('between its scans the guardrail looks at single components: what it says of one is no sighting of another', async (t) => {
  const s = withComponent(t);
  await pause(1100);
  const t1 = scan(s, null);
  await pause(1100);
  rmSync(s.path(COMPONENT));
  await pause(1100);
  const now = new Date().toISOString();
  scan(s, 'agents/json_wo/json_wo.zsh', { kind: 'altered', since: now, good_at: t1 });
  await pause(1100);
  const t2 = scan(s, COMPONENT, { kind: 'missing', since: new Date().toISOString(), good_at: t1 });
  const h = historyOf(s);
  assert.deepEqual([h.last_good?.at, h.cause?.kind], [t1, 'outside_git']);
  assert.ok((h.first_bad?.at ?? '') <= t2 && (h.first_bad?.at ?? '') > now);
});

test('a repair that brought it back is told', async (t) => {
  const s = withComponent(t);
  await between(s, () => s.git('reset', '--quiet', '--hard', 'HEAD~1'));
  s.git('reset', '--quiet', '--hard', 'HEAD@{1}');
  const ts = new Date().toISOString();
  const repaired = { v: 1, ts, agent: 'guardrail', event: 'wo_pipeline_repaired', ok: true, component: COMPONENT };
  appendFileSync(s.path('state/telemetry/unified.jsonl'), `${JSON.stringify(repaired)}\n`);
  const h = historyOf(s);
  assert.equal(h.answer, 'fine', h.summary);
  assert.ok(h.recent.some(({ text }) => text === 'a repair brought it back'));
  assert.ok(h.recent.some(({ effect, kind }) => effect === 'vanished' && kind === 'reset'));
});

test('without any scan: from the last commit that put it there until now', async (t) => {
  const s = withComponent(t);
  await pause(1100);
  s.git('reset', '--quiet', '--hard', 'HEAD~1');
  const h = historyOf(s);
  assert.deepEqual([h.answer, h.cause?.kind, h.cause?.confidence], ['vanished', 'reset', 'certain']);
  assert.deepEqual([h.last_good?.source, h.first_bad?.source], ['reflog', 'file system']);
});

test('never existed is said only of what nothing knows', (t) => {
  const s = withComponent(t);
  const h = historyOf(s, 'agents/never/was.zsh');
  assert.deepEqual([h.answer, h.cause, h.advice?.do], ['never_existed', null, 'rebuild']);
  assert.match(h.summary, /never existed, as far as commits, reflogs, stashes, orders and scans tell/);
});

test('older than the hours asked for is still known, and what was not read is said', async (t) => {
  const s = withComponent(t);
  await between(s, () => s.git('reset', '--quiet', '--hard', 'HEAD~1'));
  await pause(1100);
  scan(s, COMPONENT);
  const h = historyOf(s, COMPONENT, '--hours', '0.0003');
  assert.deepEqual([h.answer, h.cause?.kind], ['vanished', 'reset']);
  assert.match(h.not_read.join('\n'), /telemetry: nothing from before .*--hours/);
});

test('a folder is told as a file is; one with holes by the first file that is gone', async (t) => {
  const s = withComponent(t);
  const at = await between(s, () => rmSync(s.path('agents/wo_executor'), { recursive: true }));
  assertVanished(historyOf(s, 'agents/wo_executor/'), at, 'outside_git', 'likely');
  const h = historyOf(s, 'agents');
  assert.deepEqual([h.answer, h.fault, h.cause?.kind], ['broken', 'incomplete', 'outside_git']);
});

test.run();
