import type { Recorded } from '../../src/order/event.ts';
import { missionOrder } from '../../src/torture/mission-agent.ts';
import { randomOf } from '../../src/torture/random.ts';
import { seedOfRun } from './matrix.ts';
import { assertEndedWell, assertNothingLeft, type Key, packetOf, strikeStation, toTheEnd } from './mission-kill.ts';
import { ledgerOf } from './missions.ts';
import type { TestStation } from './station.ts';
import { assert, type TestContext } from './suite.ts';

/** Missions one after the other in one station, a third of them killed at some seam by chance: then all have ended well, and the sums agree. */
export function inARow(t: TestContext, key: Key, count: number): void {
  const random = randomOf(seedOfRun());
  const s = strikeStation(t, key, { checkpoints: [] });
  const lost = new Map<string, number>();
  let seams = 0;
  for (let i = 1; i <= count; i++) {
    const woId = `WO-${i}`;
    s.drop(missionOrder(woId) as { wo_id: string });
    // the first one tells how many seams there are
    const at = i % 3 === 2 ? 1 + Math.floor(random() * (seams - 1)) : 0;
    const { killed, steps } = toTheEnd(s, key, [woId], at);
    if (i === 1) seams = steps.length;
    lost.set(woId, killed ? 1 : 0);
  }
  assert.equal([...lost.values()].filter(Boolean).length, Math.floor((count + 1) / 3), 'a third was killed');
  for (const [woId, cut] of lost) assertEndedWell(s, woId, cut, woId);
  assertSumsAgree(s, [...lost.keys()]);
  assertNothingLeft(s, 'at the end');
}

/** What ledger and terminal packets tell of all of them together. */
function assertSumsAgree(s: TestStation, woIds: readonly string[]): void {
  const records = woIds.flatMap((woId) => ledgerOf(s, woId) as Recorded[]);
  const packets = woIds.map((woId) => packetOf(s, woId));
  const sum = (numbers: readonly number[]) => Math.round(numbers.reduce((a, b) => a + b, 0) * 1e6) / 1e6;
  const ended = records.flatMap((record) => (record.event === 'stepped' ? [record.data] : []));
  assert.equal(sum(packets.map(({ usage }) => usage.tokens)), sum(ended.map(({ usage }) => usage?.tokens ?? 0)));
  assert.equal(sum(packets.map(({ usage }) => usage.usd ?? 0)), sum(ended.map(({ usage }) => usage?.usd ?? 0)));
  const begun = records.filter(({ event }) => event === 'step').length;
  assert.equal(sum(packets.map(({ steps }) => steps.length)), begun, 'every step that was begun is in a packet');
  const cut = packets.flatMap(({ steps }) => steps.filter(({ outcome }) => outcome === 'lost')).length;
  assert.equal(begun - ended.length, cut, 'every step that never ended is told as lost');
}
