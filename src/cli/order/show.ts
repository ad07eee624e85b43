import { basename, join } from 'node:path';
import pc from 'picocolors';
import type { ResultDocument, StateDocument } from '../../order/generated.ts';
import { readIfThere } from '../../platform/durable.ts';
import type { Station } from '../../station/station.ts';
import { showAnswer } from '../../views/answers/order.ts';
import { titleOf } from '../../views/order/title.ts';
import type { StoryLine } from '../../views/story/story.ts';
import { explainOrder, whyText } from '../../views/why.ts';
import { counted, durationText } from '../../views/words.ts';
import { colouredStatus, plain, print, printJson } from '../output.ts';
import { stationToRead } from '../station.ts';

type Options = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };

/** An order's story: what became of it, what happened in order, what it left, what to do next. `--patch`: what it changed, too. */
export async function show(woId: string, options: Options): Promise<void> {
  const station = await stationToRead(options);
  const answer = await showAnswer(station, woId);
  if (options.json) return printJson(answer);
  const { state, result, story } = answer;
  print(`${pc.bold(state.wo_id)}  ${colouredStatus(state.status)}  ${oneLine(titleOf(state))}`);
  const explanation = await explainOrder(station, state);
  print(whyText(state, explanation));
  print('');
  for (const line of storyLines(story)) print(line);
  print('');
  const rows = [...aboutRows(state), ...(await missionRows(station, state)), ...leftRows(state, result)];
  for (const [name, value] of rows) print(`  ${pc.dim(name.padEnd(WIDTH))}  ${oneLine(value)}`);
  for (const { what, command } of explanation.next)
    print(`  ${pc.dim('next'.padEnd(WIDTH))}  ${oneLine(command === null ? what : `${what}: ${command}`)}`);
  showPatch(station, state, options['patch'] === true);
}

const WIDTH = 12;
/** So many characters of a text that an order chose stand on a line. */
const MOST = 300;
/** So many lines of a story are told; a mission of hundreds of steps has more. */
const MOST_LINES = 200;
const MOST_FILES = 20;

/** The story as people read it: the date where it changes, the time, a mark, the sentence, how long that took. */
function storyLines(story: readonly StoryLine[]): string[] {
  const attempts = new Set(story.map(({ attempt }) => attempt)).size;
  const lines: string[] = [];
  let [day, told] = ['', 0];
  const left = Math.max(0, story.length - MOST_LINES);
  if (left > 0) lines.push(pc.dim(`${counted(left, 'line')} of before: --json has all`));
  for (const { at, ok, text, kind, attempt, duration_ms: length } of story.slice(left)) {
    if (at.slice(0, 10) !== day) {
      day = at.slice(0, 10);
      lines.push(pc.dim(`${day}, UTC`));
    }
    if (attempts > 1 && attempt !== told) lines.push(pc.dim(`attempt ${attempt}`));
    told = attempt;
    const mark = ok === null ? ' ' : ok ? pc.green('✓') : pc.red('✗');
    const took = length === null ? '' : pc.dim(`  (${lengthText(kind, text, length)})`);
    lines.push(`  ${at.slice(11, 19)}  ${mark} ${oneLine(text)}${took}`);
  }
  return lines;
}

function lengthText(kind: StoryLine['kind'], text: string, length: number): string {
  if (kind === 'goes' || kind === 'decision') return `after ${durationText(length)}`;
  if (text.startsWith('was started')) return `after ${durationText(length)} in the queue`;
  return kind === 'waits' ? `for ${durationText(length)}` : durationText(length);
}

function aboutRows({ lane, priority, requester, depends_on: dependsOn, trace_id: trace }: StateDocument): Row[] {
  const { user, uid, via, declared_by: declared } = requester;
  const who = `${user ?? `uid ${uid}`} via ${via}${declared === null ? '' : `, who says to be ${declared}`}`;
  return [
    ['lane', `${lane}, ${priority}`],
    ['requested by', who],
    ...(dependsOn.length === 0 ? [] : [['depends on', dependsOn.join(', ')] as Row]),
    ['trace', trace],
  ];
}

type Row = [name: string, value: string];

/** What stays of it: files, commits, what nobody took back, what it warns of, where its evidence lies. */
function leftRows(state: StateDocument, result: ResultDocument | null): Row[] {
  const files = result?.files_touched ?? [];
  const warnings = result?.warnings ?? ((state.meta['warnings'] ?? []) as ResultDocument['warnings']);
  return [
    ...files.slice(0, MOST_FILES).map((path): Row => ['file', path]),
    ...(files.length > MOST_FILES ? [['file', `and ${files.length - MOST_FILES} more`] as Row] : []),
    ...state.commits.map((id): Row => ['commit', id]),
    ...(state.branch === undefined ? [] : [['branch', state.branch] as Row]),
    ...(result?.unrestored ?? []).map((path): Row => ['unrestored', path]),
    ...warnings.map(({ code, message }): Row => [code, message]),
    ...(state.evidence === null ? [] : [['evidence', state.evidence.path] as Row]),
  ];
}

/** What a mission follows and used; its steps are in the story. */
async function missionRows(station: Station, state: StateDocument): Promise<Row[]> {
  if (state.type !== 'mission') return [];
  // only for missions: it reads their documents
  const { outcomeOf, budgetText } = await import('../../views/missions/mission-outcome.ts');
  const { chain, budget, usage_complete: isComplete, terminal_packet: packet } = await outcomeOf(station, state.wo_id);
  return [
    ...(chain === null ? [] : [['chain', `${chain.name}: ${chain.steps.join(' > ')}`] as Row]),
    ['used', `${budgetText(budget).join(', ')}${isComplete ? '' : ', at least'}`],
    ...(packet === null ? [] : [['packet', packet] as Row]),
    ['more', `waybill spine status ${state.wo_id}`],
  ];
}

function showPatch(station: Station, state: StateDocument, isAsked: boolean): void {
  if (state.evidence === null) return;
  const path = join(station.layout.evidence, basename(state.evidence.path), 'changes.patch');
  const patch = readIfThere(path)?.toString('utf8') ?? '';
  if (patch === '') return;
  const lines = patch.trimEnd().split('\n').length;
  if (isAsked) print(`\n${plain(patch)}`);
  else print(`  ${pc.dim('patch'.padEnd(WIDTH))}  ${counted(lines, 'line')}: waybill show ${state.wo_id} --patch`);
}

/** A projection counts for nothing by itself: one that is no result is passed over. */
function oneLine(text: string): string {
  const line = plain(text).replace(/\s+/g, ' ').trim();
  return line.length > MOST ? `${line.slice(0, MOST)}…` : line;
}
