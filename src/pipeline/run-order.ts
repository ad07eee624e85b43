import { renderDiff } from '../order/diff.ts';
import type { OrderLife } from '../order/life.ts';
import { isPure } from '../order/order.ts';
import { finishWithoutLanding } from './finish.ts';
import { landAgain } from './isolation/land-again.ts';
import { landOnBranch } from './isolation/land-branch.ts';
import { release, workInWorktree } from './isolation/work.ts';
import type { Job } from './job.ts';
import { landJobs } from './land.ts';
import type { Runtime } from './runtime.ts';
import { startOrders } from './start.ts';
import { workInPlace } from './work.ts';

/**
 * The table of contents: one order's life from ready to its end, in the durable order of design.md. Steps 1 and 2 are in
 * claim-drops.ts and admit.ts. A kill between any two lines loses nothing: recover.ts reads the last record of each order and goes on.
 */
export async function runOrders(rt: Runtime, lives: readonly OrderLife[]): Promise<void> {
  // 3. plan (pure) and policy, then `started`
  const jobs = await startOrders(rt, lives);

  // a dry run ends here: plan and diff are its result
  const real = jobs.filter((job) => !endDryRun(rt, job));

  // 4. and 5. commands and checks, with the files in place: at the root, or in a worktree
  const ready: Job[] = [];
  for (const job of real) if (isPure(job.order) || isWorked(job) || (await work(rt, job))) ready.push(job);

  // 6. to 8. seal the evidence, write the objects, record the landing, land, record the end
  const landing = ready.filter((job) => !endUnchanged(rt, job));
  const ownBranch = landing.filter((job) => job.isolation?.kind === 'branch');
  const back = await rt.exclusively(() =>
    landJobs(
      rt,
      landing.filter((job) => !ownBranch.includes(job)),
    ),
  );
  for (const job of ownBranch) await rt.exclusively(() => landOnBranch(rt, job));

  // work apart from the root whose branch moved on, or whose files somebody has in hand
  for (const { job, error } of back) await landAgain(rt, job, error);
  for (const job of ready) await release(rt, job);
}

function isWorked(job: Job): boolean {
  return job.inPlace || job.isolation?.worked === true;
}

function work(rt: Runtime, job: Job): Promise<boolean> {
  return job.isolation === null ? workInPlace(rt, job) : workInWorktree(rt, job, job.isolation);
}

function endDryRun(rt: Runtime, job: Job): boolean {
  if (!job.order.dryRun) return false;
  const diff = renderDiff(job.changes).toString('utf8');
  const commands = job.order.commands.length + job.order.checks.length;
  finishWithoutLanding(
    rt,
    rt.life(job.woId),
    job,
    `dry run: ${job.changes.length} ${job.changes.length === 1 ? 'file' : 'files'} would change${commands === 0 ? '' : `, ${commands} commands and checks would run`}; nothing was changed`,
    diff,
  );
  return true;
}

/** An order that changed nothing makes no commit, and says so. */
function endUnchanged(rt: Runtime, job: Job): boolean {
  if (job.images.length > 0) return false;
  const summary =
    job.order.type === 'ping'
      ? 'no_operations: there was nothing to do'
      : job.mission?.begun.reads_only === true
        ? 'its checks passed; nothing was to be changed, so there is no commit'
        : 'no file changed, so there is no commit';
  finishWithoutLanding(rt, rt.life(job.woId), job, summary, null);
  return true;
}
