import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomOf } from '../../src/torture/random.ts';
import { mutant } from './mutations.ts';
import { type TestStation, testStation, until } from './station.ts';
import { assert, type TestContext } from './suite.ts';

export interface FuzzRun {
  readonly seed: number;
  readonly files: number;
  /** How many are dropped before the station is waited for. */
  readonly atOnce: number;
  /** The largest that a file may grow to. */
  readonly grownBytes: number;
}

/**
 * Drops mutated orders on a running station, and holds it to this: it stays alive, its memory stays bounded, every file is on record
 * exactly once, a good order still lands, and `verify` finds nothing.
 */
export async function fuzz(t: TestContext, run: FuzzRun): Promise<void> {
  const random = randomOf(run.seed);
  const s = testStation(t, { settings: 'intake: {settle_ms: 20, scan_seconds: 1}\n' });
  const station = await s.up(t);
  const dropped = new Set<string>();
  for (let n = 0; n < run.files; ) {
    for (let i = 0; i < run.atOnce && n < run.files; i++, n++) {
      const { name, bytes } = mutant(random, n, run.grownBytes);
      // made visible whole, as a careful author would: what is half written is another test's matter
      s.write(`.git/fuzz.tmp`, bytes);
      s.move('.git/fuzz.tmp', join('bridge/inbox/MAIN', name));
      dropped.add(name);
    }
    await until(
      () => s.names('bridge/inbox/MAIN').every((name) => isRefusedInPlace(s, name)),
      `seed ${run.seed}: ${n} files are taken`,
      300_000,
    );
  }
  s.drop({ wo_id: 'WO-STILL-WELL', title: 'x', files: [{ path: 'well', content: 'well' }] });
  await until(() => s.exists('well'), `seed ${run.seed}: a good order lands`, 300_000);
  if (process.platform === 'linux') {
    const peak = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${station.pid}/status`, 'utf8'))?.[1]);
    // composing a document at the limits takes about 1 GB before it is refused, and the one before may not be collected yet
    assert.ok(peak < 2_500_000, `seed ${run.seed}: the station took ${peak} kB`);
  }
  assert.equal(await station.stop(), 0, `seed ${run.seed}`);
  const told = new Map<string, number>();
  for (const name of s.names('.git/waybill/ledger').filter((n) => n.endsWith('.jsonl')))
    for (const line of s.read(`.git/waybill/ledger/${name}`).split('\n').filter(Boolean)) {
      const { event, data } = JSON.parse(line) as { event: string; data: { file?: string } };
      if (['admitted', 'rejected', 'revised', 'repeated'].includes(event) && data.file !== undefined)
        told.set(data.file, (told.get(data.file) ?? 0) + 1);
      // dropped again after a failure: the record names the claim, not the file
      if (event === 'retried') told.set('', (told.get('') ?? 0) + 1);
    }
  const lost = [...dropped].filter((name) => !told.has(name));
  assert.ok(lost.length <= (told.get('') ?? 0), `seed ${run.seed}: lost ${JSON.stringify(lost.slice(0, 5))}`);
  const twice = [...dropped].filter((name) => (told.get(name) ?? 0) > 1);
  assert.deepEqual(twice, [], `seed ${run.seed}: told twice`);
  const verified = s.waybill('verify');
  assert.equal(verified.code, 0, `seed ${run.seed}: ${verified.stdout}`);
}

/** What is too large stays where it is, and was told. */
function isRefusedInPlace(s: TestStation, name: string): boolean {
  return s.rejections().some((r) => r.file === name && r.error?.code === 'TOO_LARGE');
}
