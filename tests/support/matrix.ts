import { type FaultKind, type FaultPlan, NO_FAULT } from '../../src/torture/faults.ts';
import { Bench, tryPoint, tryPoints } from '../../src/torture/point.ts';
import { randomOf } from '../../src/torture/random.ts';
import { Torture } from '../../src/torture/torture.ts';
import { WORKLOADS, type Workload } from '../../src/torture/work.ts';
import { assert, type TestContext } from './suite.ts';

/** Points of the matrix: workload, kind of fault, number of the operation that is struck. */

export function seedOfRun(): number {
  const seed = Number(process.env['WAYBILL_SEED'] ?? Math.floor(Math.random() * 1e9));
  console.log(`seed ${seed}; WAYBILL_SEED=${seed} repeats it`);
  return seed;
}

/** A station is struck once at work, and twice more while it recovers. */
const STRIKES = 3;

/** Strikes at so many points by chance, the kinds and workloads in turn, and fails with every one that did not survive. */
export async function tryPointsByChance(t: TestContext, kinds: readonly FaultKind[], count: number): Promise<void> {
  const seed = seedOfRun();
  const bench = new Bench(t.tempDir());
  const torture = new Torture(bench);
  const random = randomOf(seed);
  const bad: string[] = [];
  let struck = 0;
  const stations = Math.ceil(count / STRIKES);
  for (let n = 0; n < stations; n++) {
    const kind = kinds[n % kinds.length] ?? 'kill';
    const workload = WORKLOADS[Math.floor(n / kinds.length) % WORKLOADS.length] as Workload;
    const plans = [await torture.plan(workload, kind, random, seed + n * STRIKES)];
    while (plans.length < STRIKES) plans.push(torture.again(plans.at(-1) as FaultPlan, random));
    const outcome = await tryPoints(bench, workload, plans);
    struck += outcome.struck;
    if (outcome.faults.length > 0)
      bad.push(`${workload.name} ${JSON.stringify(plans)}:\n  ${outcome.faults.join('\n  ')}`);
  }
  assert.equal(bad.length, 0, `seed ${seed}: ${bad.length} of ${stations} stations:\n${bad.join('\n')}`);
  console.log(`${struck} strikes on ${stations} stations`);
  // the number of operations differs from run to run, and a start that has little to do ends before it is struck
  assert.ok(struck > count * 0.6, `seed ${seed}: only ${struck} of ${count} points were reached`);
}

/** Strikes at every operation of a workload with one kind of fault. */
export async function tryEveryPoint(t: TestContext, workload: Workload, kind: FaultKind): Promise<void> {
  const bench = new Bench(t.tempDir());
  const operations = await new Torture(bench).operations(workload, kind);
  const bad: string[] = [];
  for (let at = 1; at <= operations; at++) {
    const plan = { ...NO_FAULT, kind, at, seed: at, late: at % 2 === 0 && kind.startsWith('E') };
    const { faults } = await tryPoint(bench, workload, plan);
    if (faults.length > 0) bad.push(`${workload.name} ${JSON.stringify(plan)}:\n  ${faults.join('\n  ')}`);
    if (at % 100 === 0) console.log(`${workload.name} ${kind}: ${at} of ${operations}, ${bad.length} failed`);
  }
  console.log(`${workload.name} ${kind}: ${operations} points, ${bad.length} failed`);
  assert.equal(bad.length, 0, bad.join('\n'));
}
