import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import type { FaultKind, FaultPlan } from '../../src/torture/faults.ts';
import { Bench, tryPoints } from '../../src/torture/point.ts';
import { randomOf } from '../../src/torture/random.ts';
import { Torture } from '../../src/torture/torture.ts';
import { WORKLOADS, type Workload } from '../../src/torture/work.ts';
import { program } from './program.ts';
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
    // fewer turns than workloads begin with another one each time
    const workload = WORKLOADS[(seed + Math.floor(n / kinds.length)) % WORKLOADS.length] as Workload;
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

/**
 * Strikes at every operation of a workload with one kind of fault, or with WAYBILL_EVERY=n at every n-th, on all cores. Fails with each that
 * did not survive.
 */
export async function tryEveryPoint(t: TestContext, workload: Workload, kind: FaultKind): Promise<void> {
  const every = Number(process.env['WAYBILL_EVERY'] ?? 1);
  const cores = availableParallelism();
  const operations = await new Torture(new Bench(t.tempDir())).operations(workload, kind);
  let [tried, struck] = [0, 0];
  const bad: string[] = [];
  const told = (line: string) => {
    const point = JSON.parse(line) as { plan: FaultPlan; struck: number; faults: string[] };
    tried++;
    struck += point.struck;
    if (point.faults.length > 0)
      bad.push(`${workload.name} ${JSON.stringify(point.plan)}:\n  ${point.faults.join('\n  ')}`);
  };
  const codes = await Promise.all(
    Array.from({ length: cores }, (_, n) => {
      const points = [1 + n * every, operations, cores * every].map(String);
      const args = [program('every-point'), t.tempDir(), workload.name, kind, ...points];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      t.defer(() => void child.kill('SIGKILL'));
      createInterface({ input: child.stdout }).on('line', told);
      return new Promise<number | null>((done) => child.once('close', done));
    }),
  );
  console.log(`${workload.name} ${kind}: ${struck} struck of ${tried}, ${operations} operations, ${bad.length} failed`);
  assert.equal(bad.length, 0, bad.join('\n'));
  assert.deepEqual(new Set(codes), new Set([0]));
  assert.equal(tried, Math.ceil(operations / every));
  // the number of operations differs a little from run to run, where reads count more than a little
  assert.ok(struck > tried * 0.85, `only ${struck} of ${tried} points were reached`);
}
