import { readLinesBackwards } from '../../platform/jsonl.ts';
import { readJsonLine } from '../json-line.ts';
import type { Reach, Told, Trace } from './trace.ts';

/** What `waybill hooks install` writes down: who moved which ref with which command. Oldest first. */
export function hooksLog(file: string, reach: Reach): Told {
  const traces: Trace[] = [];
  let n = 0;
  for (const text of newestFirst(file)) {
    n++;
    if (n % 4096 === 0 && reach.budget.isOver)
      return { traces: traces.reverse(), notRead: ['hooks: no time was left'] };
    const trace = parsed(text);
    if (trace === null || Date.parse(trace.at) > reach.untilMs) continue;
    if (Date.parse(trace.at) < reach.sinceMs) break;
    traces.push(trace);
  }
  return { traces: traces.reverse(), notRead: [] };
}

/** The hooks turn a large log to hooks.1.jsonl. */
function* newestFirst(file: string): Generator<string> {
  yield* readLinesBackwards(file);
  yield* readLinesBackwards(file.replace(/\.jsonl$/, '.1.jsonl'));
}

function parsed(text: string): Trace | null {
  const field = readJsonLine(text);
  if (field === null) return null;
  const of = (key: string): string => String(field(key) ?? '');
  const at = new Date(of('ts'));
  if (Number.isNaN(at.getTime())) return null;
  const what = of('hook') === 'post-checkout' && of('flag') === '0' ? 'files were checked out' : of('hook');
  const ref = of('ref') === '' ? '' : ` ${of('ref')}`;
  const [from, to] = [of('old'), of('new')].map((id) => (/^[0-9a-f]{40}$/.test(id) && !/^0+$/.test(id) ? id : null));
  return {
    at: at.toISOString(),
    source: 'hooks',
    kind: of('ref') === 'refs/stash' ? 'stash' : 'command',
    effect: null,
    text: `${what}${ref}: ${of('by') || 'git'} (${of('user') || 'unknown'}, pid ${of('pid')})`,
    where: 'hooks.jsonl',
    from: from ?? null,
    to: to ?? null,
  };
}
