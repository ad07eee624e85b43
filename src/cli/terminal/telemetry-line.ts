import pc from 'picocolors';
import { age, plain } from '../output.ts';
import { padTo } from './columns.ts';

/** A line of telemetry, as far as it is one. */
export type Telemetry = Readonly<Record<string, unknown>>;

/** Null for what is no JSON object. */
export function readTelemetry(line: string): Telemetry | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Telemetry) : null;
  } catch {
    return null;
  }
}

/** What has its own column, or is for machines. */
const APART: ReadonlySet<string> = new Set([
  'v',
  'ts',
  'agent',
  'event',
  'ok',
  'wo_id',
  'lane',
  'seq',
  'trace_id',
  'span_id',
  'parent_id',
  'attempt',
  'n',
  'role',
  'code',
  'waiting_for',
  'duration_ms',
  'step',
  'verdict',
]);
/** So much of one further field is told. */
const FIELD = 120;
const EVENT = 16;
const ID = 20;

/**
 * An event for people: when, a mark and a colour for what it means, which order, and what stands out. `short`: the time as a terminal has room
 * for it, without its year.
 */
export function telemetryText(line: string, short: boolean): string {
  const told = readTelemetry(line);
  if (told === null) return plain(line);
  const event = plain(String(told['event'] ?? '')).replace(/^wo_/, '');
  const ts = plain(String(told['ts'] ?? ''));
  const time = short ? ts.slice(5, 19).replace('T', ' ') : ts;
  const [mark, colour] = meaning(event, told['ok'] !== false);
  const who = plain(String(told['wo_id'] ?? told['agent'] ?? ''));
  return `${pc.dim(time)} ${colour(`${mark} ${padTo(event, EVENT)}`)} ${padTo(who, ID)} ${gistOf(told)}`
    .replaceAll('\n', ' ')
    .trimEnd();
}

type Colour = (text: string) => string;

/** So that the colour says nothing that the mark and the word do not. */
function meaning(event: string, ok: boolean): readonly [mark: string, colour: Colour] {
  if (event === 'parked') return ['‖', pc.yellow];
  if (event === 'cancelled') return ['–', pc.dim];
  if (!ok) return ['✗', pc.red];
  if (event === 'completed' || event.endsWith('_repaired')) return ['✓', pc.green];
  if (event === 'started' || event === 'step_started' || event === 'command') return ['▶', pc.blue];
  if (event === 'received' || event === 'resumed' || event === 'retried' || event === 'revised') return ['○', pc.cyan];
  if (event.endsWith('_drift')) return ['!', pc.red];
  return ['·', (text) => text];
}

function gistOf(told: Telemetry): string {
  const { code, waiting_for: waits, step, verdict, duration_ms: ms, lane, attempt } = told;
  const words = [
    ...(typeof lane === 'string' ? [plain(lane)] : []),
    ...(typeof step === 'string' ? [`step ${plain(step)}`] : []),
    ...(typeof verdict === 'string' ? [plain(verdict)] : []),
    ...(typeof code === 'string' ? [pc.red(plain(code))] : []),
    ...(typeof waits === 'string' ? [`waits for ${plain(waits)}`] : []),
    ...(typeof ms === 'number' ? [`in ${ms < 10_000 ? `${(ms / 1000).toFixed(1)}s` : age(ms)}`] : []),
    ...(typeof attempt === 'number' && attempt > 1 ? [`attempt ${attempt}`] : []),
  ];
  const more = Object.entries(told).flatMap(([name, value]) =>
    APART.has(name) || value === null ? [] : [pc.dim(`${plain(name)}=${valueText(value)}`)],
  );
  return [...words, ...more].join('  ');
}

function valueText(value: unknown): string {
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return plain(text.length > FIELD ? `${text.slice(0, FIELD)}…` : text);
}
