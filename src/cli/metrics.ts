import pc from 'picocolors';
import { WaybillError } from '../order/error.ts';
import type { MetricsDocument } from '../order/generated.ts';
import { metricsAnswer } from '../views/answers/metrics.ts';
import { note, plain, print, printJson } from './output.ts';
import { stationToRead } from './station.ts';

type Options = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };
type Share = MetricsDocument['waivers'];
type Spread = MetricsDocument['usage']['tokens'];
type Groups<T> = { readonly orders: T; readonly missions: T; readonly items: T };

/** Computes and prints the metrics of the ledger; changes nothing. Throws NO_STATION, NO_INPUT, USAGE, LEDGER_BROKEN. */
export async function metrics(options: Options): Promise<void> {
  const ledger = await ledgerFolder(options);
  const { found, guesses } = metricsAnswer(ledger, options);
  for (const guess of guesses) note(guess);
  if (found.ledger === null && options['ledger'] !== undefined)
    throw new WaybillError('NO_INPUT', `${ledger} holds no ledger`, {
      hint: 'Name a copy of .git/waybill/ledger, with its files NNNNNNNNNNNN.jsonl.',
    });
  if (options.json) return printJson(found);
  print(lines(found).join('\n'));
  if (found.lost_records > 0)
    note(`the ledger lost at least ${found.lost_records} records; what stood in them counts nowhere`);
}

async function ledgerFolder(options: Options): Promise<string> {
  if (typeof options['ledger'] === 'string') return options['ledger'];
  return (await stationToRead(options)).layout.ledger;
}

function lines(m: MetricsDocument): string[] {
  const { left_out: out, reviews, failures, rejections } = m;
  const rest = [
    [m.unfinished, 'not ended'],
    [rejections.n, 'rejected drops'],
    [out.canaries, 'canaries'],
    [out.bookkeeping, 'bookkeeping'],
    [out.demos, 'of demos'],
    [out.dry_runs, 'dry runs'],
    [out.pings, 'pings'],
  ] as const;
  const left = rest.filter(([n]) => n > 0).map(([n, what]) => `${n} ${what}`);
  return [
    pc.bold(title(m)),
    ...grouped('done without a person', m.unattended_completion, shareText),
    ...grouped('done at the first try', m.first_pass, shareText),
    ...grouped(
      'people asked, each order',
      m.escalations,
      ({ n, count, mean }) => `${figure(mean)}  ${count} of n ${n}`,
    ),
    ...grouped('admitted to done', m.selection_to_close_seconds, (spread) => spreadText(spread, duration)),
    ...(reviews.length === 0 ? [row('rejected in reviews', '-  n 0')] : []),
    ...reviews.map(({ step, n, approved, rejection_rate: rate, ...said }) => {
      const others = [
        `${said.needs_revision} sent back`,
        `${said.rejected} rejected`,
        `${said.escalate} for a person`,
      ].join(', ');
      return row(`rejected in ${plain(step)}`, `${percent(rate)}  ${n - approved} of n ${n}: ${others}`);
    }),
    row('flakes of checks', flakesText(m.flakes.checks)),
    row('flakes of steps', flakesText(m.flakes.steps)),
    row('waived steps', `${shareText(m.waivers)} failures`),
    row('tokens, each mission done', spreadText(m.usage.tokens, String)),
    row('dollars, each mission done', spreadText(m.usage.usd, String)),
    row('failed', shareText(failures)),
    ...failures.by_code.map(({ code, count }) => row(`  ${code ?? 'without a code'}`, String(count))),
    ...(left.length > 0 ? [row('left out', left.join(', '))] : []),
    ...(m.purged > 0 ? [row('purged, and counted', String(m.purged))] : []),
  ];
}

function title({ since, until, lane, ledger }: MetricsDocument): string {
  const time = [since === null ? null : `ended since ${since}`, until === null ? null : `as of ${until}`];
  const words = [lane === null ? 'all lanes' : `lane ${plain(lane)}`, ...time.filter((word) => word !== null)];
  return `${words.join(', ')}; ledger up to record ${ledger?.seq ?? 0}`;
}

/** Orders always; missions and items where there are any. */
function grouped<T extends { readonly n: number }>(
  label: string,
  groups: Groups<T>,
  text: (of: T) => string,
): string[] {
  return [
    row(label, text(groups.orders)),
    ...(['missions', 'items'] as const).flatMap((name) =>
      groups[name].n === 0 ? [] : [row(`  of ${name}`, text(groups[name]))],
    ),
  ];
}

function row(label: string, text: string): string {
  return `  ${label.padEnd(28)} ${text}`;
}

function shareText({ n, count, rate }: Share): string {
  return `${percent(rate)}  ${count} of n ${n}`;
}

function flakesText(flakes: MetricsDocument['flakes']['checks']): string {
  const { count, same_commit: same } = flakes;
  return `${shareText(flakes)} failures${count === 0 ? '' : `, ${same} on the same commit`}`;
}

function spreadText({ n, unknown, median, p90, mean }: Spread, unit: (value: number) => string): string {
  const [a, b, c] = [median, p90, mean].map((value) => (value === null ? '-' : unit(value)));
  return `median ${a}, p90 ${b}, mean ${c}  n ${n}${unknown > 0 ? `, ${unknown} not known` : ''}`;
}

function percent(rate: number | null): string {
  return rate === null ? '-' : `${(rate * 100).toFixed(1)} %`;
}

function figure(value: number | null): string {
  return value === null ? '-' : value.toFixed(2);
}

/** Seconds as people say them. */
function duration(seconds: number): string {
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  if (seconds < 7200) return `${(seconds / 60).toFixed(1)} min`;
  return seconds < 172_800 ? `${(seconds / 3600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} d`;
}
