/**
 * How long a component was good, at fault, or looked after by nobody, from what looks told. Pure: times are ms since 1970, and what is given
 * are sets, so their order says nothing.
 */

export type Standing = 'good' | 'bad' | 'unknown';

/** A time, `from` belonging to it and `to` not. */
export interface Time {
  readonly from: number;
  readonly to: number;
}

export interface Stretch extends Time {
  readonly standing: Standing;
}

/** A fault as looks told it: one that lasts is told again and again. */
export interface ToldFault {
  readonly component: string;
  readonly since: number;
  /** When it was told last. */
  readonly last: number;
  /** When it was over; null where nobody told. */
  readonly end: number | null;
  /** How it was over: `dropped` where nobody looks after it any more. */
  readonly ended: 'recovered' | 'repaired' | 'dropped' | null;
  /** Nobody had seen it good before. */
  readonly isFirstLook: boolean;
}

/** What is known of looks. */
export interface Looks {
  readonly faults: readonly ToldFault[];
  /** When everything was looked at. */
  readonly looks: readonly number[];
  /** Times for which a guardrail itself says that it did not look. */
  readonly missed: readonly Time[];
  /** So long a look counts where no other follows. */
  readonly holdMs: number;
}

/** A part of a strip: how much of it was what, in ms. */
export interface Cell extends Time {
  readonly good: number;
  readonly bad: number;
  readonly unknown: number;
}

/**
 * The window, cut into stretches that follow on each other without gap, for one component, or for all of them together (null): then `bad` is when
 * any was at fault. A fault is from when it was found to when it was seen over; a look in between tells nothing against it.
 */
export function stretches(known: Looks, component: string | null, window: Time): Stretch[] {
  const looks = [...new Set(known.looks)].sort((a, b) => a - b);
  const faults = known.faults.filter((fault) => component === null || fault.component === component);
  const bad = united(faults.map((fault) => ({ from: fault.since, to: endOf(fault, looks, known.holdMs) })));
  const seen = looks.map((at, n) => ({ from: at, to: Math.min(looks[n + 1] ?? Infinity, at + known.holdMs) }));
  const back = faults.flatMap(({ end, ended }) =>
    end === null || ended === 'dropped' ? [] : [{ from: end, to: Math.min(nextAfter(looks, end), end + known.holdMs) }],
  );
  const unseen = component === null ? [] : faults.flatMap((fault) => notLookedAt(fault, faults));
  const good = without(united([...seen, ...back]), united([...known.missed, ...unseen, ...bad]));
  return filled(within(bad, window), within(good, window), window);
}

/** How much of some stretches was what, in ms. */
export function sums(all: readonly Stretch[]): Record<Standing, number> {
  const sum = { good: 0, bad: 0, unknown: 0 };
  for (const { from, to, standing } of all) sum[standing] += to - from;
  return sum;
}

/** Stretches in cells of a length, which begin at its multiples: the first and the last may be shorter. */
export function cells(all: readonly Stretch[], cellMs: number): Cell[] {
  const found: (Time & Record<Standing, number>)[] = [];
  for (const { from, to, standing } of all)
    for (let at = from; at < to; ) {
      const next = Math.min(to, (Math.floor(at / cellMs) + 1) * cellMs);
      const last = found.at(-1);
      const isSame = last !== undefined && Math.floor(last.from / cellMs) === Math.floor(at / cellMs);
      const cell = isSame ? last : { from: at, to: next, good: 0, bad: 0, unknown: 0 };
      if (isSame) found.pop();
      cell[standing] += next - at;
      found.push({ ...cell, to: next });
      at = next;
    }
  return found;
}

/** What a cell is called: at fault where any of it was, else what most of it was. */
export function standingOf({ good, bad, unknown }: Pick<Cell, Standing>): Standing {
  return bad > 0 ? 'bad' : good >= unknown && good > 0 ? 'good' : 'unknown';
}

/** When a fault was over: as it was told, or with the first look that told of it no more; else it counts as long as a look does. */
function endOf({ end, last }: ToldFault, looks: readonly number[], holdMs: number): number {
  return end ?? Math.min(nextAfter(looks, last), last + holdMs);
}

function nextAfter(looks: readonly number[], at: number): number {
  let [low, high] = [0, looks.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((looks[middle] ?? 0) > at) high = middle;
    else low = middle + 1;
  }
  return looks[low] ?? Infinity;
}

/** Times in which looks told nothing of a component because it was none yet, or was none any more. */
function notLookedAt({ since, end, ended, isFirstLook }: ToldFault, all: readonly ToldFault[]): Time[] {
  const times: Time[] = [];
  if (isFirstLook) times.push({ from: -Infinity, to: since });
  if (ended !== 'dropped' || end === null) return times;
  const again = all.map((fault) => fault.since).filter((at) => at >= end);
  return [...times, { from: end, to: Math.min(Infinity, ...again) }];
}

/** Times that do not touch, in their order. */
function united(times: readonly Time[]): Time[] {
  const found: Time[] = [];
  for (const time of [...times].filter(({ from, to }) => to > from).sort((a, b) => a.from - b.from)) {
    const last = found.at(-1);
    if (last !== undefined && time.from <= last.to)
      found[found.length - 1] = { from: last.from, to: Math.max(last.to, time.to) };
    else found.push(time);
  }
  return found;
}

/** What of some times lies in none of others. Both as united() gives them. */
function without(times: readonly Time[], others: readonly Time[]): Time[] {
  const found: Time[] = [];
  let n = 0;
  for (const time of times) {
    let at = time.from;
    while (n > 0 && (others[n - 1]?.to ?? 0) > at) n--;
    for (; at < time.to; n++) {
      const other = others[n];
      if (other === undefined || other.from >= time.to) {
        found.push({ from: at, to: time.to });
        break;
      }
      if (other.from > at) found.push({ from: at, to: other.from });
      at = Math.max(at, other.to);
    }
  }
  return found;
}

function within(times: readonly Time[], { from, to }: Time): Time[] {
  return times
    .map((time) => ({ from: Math.max(from, time.from), to: Math.min(to, time.to) }))
    .filter((time) => time.to > time.from);
}

/** Both do not overlap; what is in neither is unknown. */
function filled(bad: readonly Time[], good: readonly Time[], { from, to }: Time): Stretch[] {
  const told = [
    ...bad.map((time): Stretch => ({ ...time, standing: 'bad' })),
    ...good.map((time): Stretch => ({ ...time, standing: 'good' })),
  ].sort((a, b) => a.from - b.from);
  const found: Stretch[] = [];
  let at = from;
  for (const stretch of told) {
    if (stretch.from > at) found.push({ from: at, to: stretch.from, standing: 'unknown' });
    found.push(stretch);
    at = stretch.to;
  }
  if (at < to) found.push({ from: at, to, standing: 'unknown' });
  return found;
}
