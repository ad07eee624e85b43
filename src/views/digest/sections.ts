import type { DigestCode, DigestDocument, DigestTotals } from '../../order/generated.ts';
import { age, counted, durationText } from '../words.ts';

/** A part of a digest: a table, or what is said where there is nothing to tell. Cells hold words of orders as they are: each form makes them harmless. */
export interface Section {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Columns of figures, which stand to the right. */
  readonly figures: readonly number[];
  readonly none: string;
  /** What is not in the table. */
  readonly note: string | null;
}

/** A digest as people read it, whatever the form. */
export interface DigestText {
  readonly title: string;
  readonly headline: string;
  readonly isQuiet: boolean;
  readonly sections: readonly Section[];
  readonly notes: readonly string[];
}

/** Puts a digest into words. Pure. */
export function digestText(digest: DigestDocument): DigestText {
  const { totals, waiting, waiting_more: more, station, since, until } = digest;
  const waits = waiting.length + more;
  const isQuiet = ended(totals) + totals.rejected + totals.received + digest.drift.length === 0;
  const happened = [
    `${totals.done} done`,
    `${totals.failed} failed`,
    ...(totals.cancelled > 0 ? [`${totals.cancelled} cancelled`] : []),
    ...(totals.rejected > 0 ? [`${totals.rejected} rejected`] : []),
  ].join(', ');
  const faults = digest.drift.length + digest.drift_more;
  const drift = faults === 0 ? '' : `; ${counted(faults, 'component')} drifted`;
  const you = waits === 0 ? 'nothing waits for you' : `${waits} ${waits === 1 ? 'waits' : 'wait'} for you`;
  return {
    title: `${station}: ${minute(since)} to ${minute(until)} UTC`,
    headline: `${isQuiet ? 'Nothing happened' : happened}${drift}; ${you}.`,
    isQuiet,
    sections: [waitingOf(digest), failed(digest), ...rejectedOf(digest), driftOf(digest), ...figuresOf(digest)],
    notes: notesOf(digest),
  };
}

function ended({ done, failed: bad, cancelled }: DigestTotals): number {
  return done + bad + cancelled;
}

/** Time of day with its date, to the minute. */
function minute(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ');
}

function table(title: string, none: string, head: readonly string[], rows: readonly (readonly string[])[]): Section {
  return { title, head, rows, figures: [], none, note: null };
}

function waitingOf({ waiting, waiting_more: more }: DigestDocument): Section {
  return {
    ...table(
      'Waiting for you',
      'Nothing waits for you.',
      ['order', 'for', 'since', 'title', 'why', 'command'],
      waiting.map((row) => [row.wo_id, row.waiting_for, age(row.seconds * 1000), row.title, row.why, row.command]),
    ),
    note: more === 0 ? null : `and ${more} more: waybill approvals`,
  };
}

function failed({ failures }: DigestDocument): Section {
  return codes('Failed', 'Nothing failed.', failures);
}

function rejectedOf({ rejections }: DigestDocument): Section[] {
  return rejections.length === 0 ? [] : [codes('Rejected', 'Nothing was rejected.', rejections)];
}

/** A row for each order that is named; the code stands in the first of its rows, with how many there are. */
function codes(title: string, none: string, of: readonly DigestCode[]): Section {
  const rows = of.flatMap(({ code, count, orders }) =>
    orders.map((order, n) => [
      n === 0 ? `${code ?? 'no code'}${count > 1 ? ` × ${count}` : ''}` : '',
      order.wo_id ?? '-',
      minute(order.at),
      order.title,
      order.message,
    ]),
  );
  const unnamed = of.reduce((sum, { count, orders }) => sum + count - orders.length, 0);
  return {
    ...table(title, none, ['code', 'order', 'when', 'title', 'why'], rows),
    note: unnamed === 0 ? null : `and ${unnamed} more: waybill ls --status failed`,
  };
}

function driftOf({ drift, drift_more: more }: DigestDocument): Section {
  const rows = drift.map(({ component, kind, since, until, seconds, cause, repaired_by: by }) => [
    component,
    kind.replaceAll('_', ' '),
    minute(since),
    `${durationText(seconds * 1000)}${until === null ? ', and still' : ''}`,
    cause ?? 'not known',
    by ?? (until === null ? '-' : 'nobody’s order'),
  ]);
  return {
    ...table('Drift', 'No component was at fault.', ['component', 'was', 'since', 'for', 'cause', 'repaired by'], rows),
    note:
      drift.length === 0
        ? null
        : `${more === 0 ? '' : `and ${more} more; `}what became of a component, and why: waybill history COMPONENT`,
  };
}

function figuresOf({ totals, before, agents, missions, slowest, lanes }: DigestDocument): Section[] {
  const line = (name: string, of: (t: DigestTotals) => string) => [name, of(totals), of(before)];
  const compared = table(
    'In figures',
    '',
    ['', 'now', 'before'],
    [
      line('received', (t) => String(t.received)),
      line('done', (t) => String(t.done)),
      line('failed', (t) => String(t.failed)),
      line('cancelled', (t) => String(t.cancelled)),
      line('rejected', (t) => String(t.rejected)),
      line('tokens', (t) => known(t, String(t.tokens))),
      line('dollars', (t) => known(t, t.usd.toFixed(2))),
    ],
  );
  const cost = { head: ['steps', 'tokens', 'dollars'], figures: [1, 2, 3] };
  const costs = (row: { steps: number; tokens: number; usd: number; unknown_steps: number }) => [
    String(row.steps),
    known(row, String(row.tokens)),
    known(row, row.usd.toFixed(2)),
  ];
  return [
    { ...compared, figures: [1, 2] },
    ...(agents.length === 0
      ? []
      : [
          {
            ...table(
              'Cost by agent',
              '',
              ['agent', ...cost.head],
              agents.map((row) => [row.agent, ...costs(row)]),
            ),
            figures: cost.figures,
          },
          {
            ...table(
              'Cost by mission',
              '',
              ['mission', ...cost.head, 'status', 'title'],
              missions.map((row) => [row.wo_id, ...costs(row), row.status, row.title]),
            ),
            figures: cost.figures,
          },
        ]),
    ...(slowest.length === 0
      ? []
      : [
          table(
            'Slowest',
            '',
            ['order', 'took', 'of that since its start', 'status', 'title'],
            slowest.map(({ wo_id, seconds, worked_seconds: worked, status, title }) => [
              wo_id,
              durationText(seconds * 1000),
              worked === null ? '-' : durationText(worked * 1000),
              status,
              title,
            ]),
          ),
        ]),
    ...(lanes.length === 0
      ? []
      : [
          {
            ...table(
              'Lanes',
              '',
              ['lane', 'received', 'done', 'failed', 'cancelled', 'rejected'],
              lanes.map((row) => [
                row.lane,
                ...[row.received, row.done, row.failed, row.cancelled, row.rejected].map(String),
              ]),
            ),
            figures: [1, 2, 3, 4, 5],
          },
        ]),
  ];
}

/** Unknown is never nothing: where steps did not tell, the figure is what is known at least. */
function known({ unknown_steps: unknown }: { readonly unknown_steps: number }, figure: string): string {
  return unknown === 0 ? figure : `${figure} + ${counted(unknown, 'step')} not told`;
}

function notesOf({ alive, left_out: out, lost_records: lost }: DigestDocument): string[] {
  const left = Object.entries(out).filter(([, n]) => n > 0);
  return [
    `Alive now: ${alive.ready} ready, ${alive.running} running, ${alive.parked} parked.`,
    ...(left.length === 0
      ? []
      : [`Left out: ${left.map(([name, n]) => `${n} ${name.replace('_', ' ')}`).join(', ')}.`]),
    ...(lost === 0 ? [] : [`The ledger lost at least ${counted(lost, 'record')}; what stood in them counts nowhere.`]),
  ];
}
