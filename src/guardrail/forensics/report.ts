import type { ForensicsDocument, HistoryDocument } from '../../order/generated.ts';

/** Puts what was found into the report of seed 003. Pure. */

export interface Findings {
  readonly at: string;
  readonly since: string;
  readonly until: string;
  readonly components: readonly string[];
  readonly histories: readonly HistoryDocument[];
  readonly gitEvents: readonly string[];
  readonly rollbackScripts: readonly string[];
  readonly serviceFailures: readonly string[];
  readonly notFinished: readonly string[];
}

type Confidence = ForensicsDocument['findings']['confidence'];

export function reportOf(found: Findings): ForensicsDocument {
  const { text, confidence, history } = likelyCause(found);
  const advice = history?.advice ?? null;
  return {
    v: 1,
    investigation_date: found.at,
    time_window: `${found.since} - ${found.until}`,
    components: [...found.components],
    findings: {
      git_events: [...found.gitEvents],
      rollback_scripts: [...found.rollbackScripts],
      launchagent_failures: [...found.serviceFailures],
      other_events: otherEvents(found),
      likely_cause: text,
      confidence,
    },
    recommendation: advice?.do ?? (found.histories.some(({ answer }) => answer !== 'fine') ? 'investigate' : 'none'),
    recommended_command: advice?.command ?? null,
    not_finished: [...found.notFinished],
  };
}

/** How sure a cause is, for choosing among several. */
const WEIGHT: Readonly<Record<Confidence, number>> = { certain: 2, likely: 1, unknown: 0 };

/** The strongest cause among the components; of what is in order again, what happened to it within the time. */
function likelyCause(found: Findings): { text: string; confidence: Confidence; history: HistoryDocument | null } {
  const faults = found.histories
    .filter(({ answer }) => answer !== 'fine' && answer !== 'never_existed')
    .sort((a, b) => WEIGHT[b.cause?.confidence ?? 'unknown'] - WEIGHT[a.cause?.confidence ?? 'unknown']);
  const [worst] = faults;
  if (worst !== undefined)
    return { text: worst.summary, confidence: worst.cause?.confidence ?? 'unknown', history: worst };
  for (const history of found.histories) {
    const event = eventsIn(history, found).findLast(({ effect }) => effect === 'vanished');
    if (event !== undefined)
      return {
        text: `${history.path} is there again; at ${event.at} this took it away: ${event.text} (${event.where})`,
        confidence: 'certain',
        history,
      };
  }
  const [first] = found.histories;
  if (first === undefined)
    return {
      text: 'no component is missing, and no scan missed one in this time',
      confidence: 'unknown',
      history: null,
    };
  return { text: first.summary, confidence: 'unknown', history: first };
}

function eventsIn({ between, recent }: HistoryDocument, { since, until }: Findings) {
  const all = [...between, ...recent].filter(({ at }) => at >= since.slice(0, 19) && at <= until);
  return all.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

const MOST_OTHER = 50;

/** What the ledger, scans and stashes tell; the rest has lists of its own. */
function otherEvents(found: Findings): string[] {
  const own = new Set(['ledger', 'telemetry', 'stash', 'hooks', 'rollback log']);
  const lines = found.histories.flatMap((history) =>
    eventsIn(history, found)
      .filter(({ source, effect }) => own.has(source) && effect !== 'seen')
      .map(({ at, source, text, where }) => `${at} ${source}: ${text} [${where}]`),
  );
  return [...new Set(lines)].sort().slice(0, MOST_OTHER);
}

/** The report for people. */
export function reportText(report: ForensicsDocument): string {
  const { findings } = report;
  const list = (title: string, lines: readonly string[]) =>
    `## ${title}\n\n${lines.length === 0 ? 'None.\n' : lines.map((line) => `- ${inMarkdown(line)}\n`).join('')}`;
  const command = report.recommended_command;
  return [
    '# Forensic report\n',
    `Investigated ${report.investigation_date}; time ${report.time_window}.\n`,
    `Components: ${report.components.length === 0 ? 'none' : report.components.map(inMarkdown).join(', ')}\n`,
    `## Likely cause (${findings.confidence})\n\n${inMarkdown(findings.likely_cause)}\n`,
    `## Recommendation\n\n${report.recommendation}${command === null ? '' : `\n\n    ${command}`}\n`,
    list('Git', findings.git_events),
    list('Rollback scripts', findings.rollback_scripts),
    list('Failures of services', findings.launchagent_failures),
    list('Other events', findings.other_events),
    list('Not finished', report.not_finished),
  ].join('\n');
}

/** What was read from files must not become markup. */
function inMarkdown(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ').replace(/[\\`*_<>[\]#|]/g, '\\$&');
}
