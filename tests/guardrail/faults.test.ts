import { turn } from '../../src/guardrail/faults.ts';
import { type Finding, finding } from '../../src/guardrail/finding.ts';
import type { GuardrailFault } from '../../src/order/generated.ts';
import { assert, suite } from '../support/suite.ts';

/** What a look changes in what is known to be at fault, and what is told of it. */

const test = suite('guardrail/faults');

const T0 = Date.parse('2025-11-13T01:50:00.000Z');
const at = (minutes: number) => new Date(T0 + minutes * 60_000).toISOString();
const found = (name: string, kind: Finding['kind'] = 'missing', message = 'is not there any more') =>
  finding({ name, severity: 'critical', repair: 'report' }, kind, message, name);

function look(before: readonly GuardrailFault[], findings: readonly Finding[], minutes: number, gone: string[] = []) {
  return turn(before, findings, {
    now: at(minutes),
    goodAt: () => at(minutes - 5),
    remindAfterMinutes: 30,
    isGone: ({ component }) => gone.includes(component),
  });
}

test('a new fault is told once, with when it was last good', () => {
  const first = look([], [found('a.zsh'), found('bridge/inbox/CLC', 'missing', 'the folder is not there')], 0);
  assert.deepEqual(
    first.alerts.map(({ what, text, since }) => [what, text, since]),
    [
      ['drift', 'ALERT: Missing or not executable: a.zsh', at(0)],
      ['drift', 'ALERT: Missing directory: bridge/inbox/CLC', at(0)],
    ],
  );
  assert.equal(first.faults[0]?.good_at, at(-5));
  const second = look(first.faults, [found('a.zsh'), found('bridge/inbox/CLC')], 5);
  assert.deepEqual(second.alerts, []);
  assert.equal(second.faults[0]?.since, at(0));
  assert.equal(second.faults[0]?.good_at, at(-5), 'not the look at which it was at fault already');
});

test('one that lasts is told again after pauses that double, up to a day', () => {
  let faults = look([], [found('a')], 0).faults;
  const reminded: number[] = [];
  for (let minutes = 5; minutes <= 6 * 1440; minutes += 5) {
    const next = look(faults, [found('a')], minutes);
    if (next.alerts.length > 0) reminded.push(minutes);
    faults = next.faults;
  }
  const pauses = reminded.map((minutes, n) => minutes - (reminded[n - 1] ?? 0));
  assert.deepEqual(pauses, [30, 60, 120, 240, 480, 960, 1440, 1440, 1440, 1440]);
  assert.match(
    look(look([], [found('a')], 0).faults, [found('a')], 95).alerts[0]?.text ?? '',
    /^ALERT: Missing or not executable: a \(since 2025-11-13T01:50:00\.000Z, for 1h 35m\)$/,
  );
});

test('a fault that becomes another one is told at once, and keeps since when', () => {
  const first = look([], [found('a', 'truncated', 'is empty')], 0);
  const next = look(first.faults, [found('a')], 5);
  assert.deepEqual(
    next.alerts.map(({ what, since }) => [what, since]),
    [['drift', at(0)]],
  );
  assert.equal(next.faults[0]?.since, at(0));
  assert.equal(look(next.faults, [found('a')], 34).alerts.length, 0, 'the pause begins anew');
  assert.equal(look(next.faults, [found('a')], 35).alerts.length, 1);
});

test('one that is over says so, and how long it lasted; one that comes back is new', () => {
  const first = look([], [found('a'), found('b')], 0);
  const next = look(first.faults, [found('b')], 1443);
  assert.deepEqual(
    next.alerts.filter(({ what }) => what === 'recovered').map(({ text }) => text),
    ['RECOVERED: a after 24h 3m'],
  );
  assert.deepEqual(
    next.recovered.map(({ fault, lastedMs }) => [fault.component, lastedMs]),
    [['a', 1443 * 60_000]],
  );
  const again = look(next.faults, [found('a'), found('b')], 1450);
  assert.equal(again.faults.find(({ component }) => component === 'a')?.since, at(1450));
});

test('what is no component any more has not recovered', () => {
  const next = look(look([], [found('a')], 0).faults, [], 5, ['a']);
  assert.deepEqual(next.recovered, []);
  assert.deepEqual(
    next.dropped.map(({ component }) => component),
    ['a'],
  );
  assert.deepEqual(
    next.alerts.map(({ what, text }) => [what, text]),
    [['dropped', `NO LONGER LOOKED AFTER: a, at fault since ${at(0)}`]],
  );
});

test('of several faults of one component the first counts', () => {
  const { faults, alerts } = look([], [found('a'), found('a', 'unreadable', 'x')], 0);
  assert.deepEqual(
    faults.map(({ kind }) => kind),
    ['missing'],
  );
  assert.equal(alerts.length, 1);
});

test('a clock that was put back tells nothing twice and nothing negative', () => {
  const { faults } = look([], [found('a')], 60);
  assert.deepEqual(look(faults, [found('a')], 0).alerts, []);
  assert.equal(look(faults, [], 0).recovered[0]?.lastedMs, 0);
});

test('that it was left alone is remembered as long as it lasts', () => {
  const { faults } = look([], [found('a')], 0);
  const escalated = faults.map((fault) => ({ ...fault, escalated: true }));
  assert.equal(look(escalated, [found('a')], 5).faults[0]?.escalated, true);
});

test.run();
