import { posix } from 'node:path';
import type { Backlog } from '../../backlog/item.ts';
import { readMarkdown } from '../../backlog/read-markdown.ts';
import { commitsNamed } from '../../documents/commits-named.ts';
import type { Contradiction } from '../../documents/contradiction.ts';
import { type BacklogEntry, contradictionsIn } from '../../documents/contradictions.ts';
import type { TextDocument } from '../../documents/spoken-lines.ts';
import { isInHistory } from '../../git/history.ts';
import { asWaybillError } from '../../order/error.ts';
import type { RuntimeFacts } from '../../order/generated.ts';
import { exists } from '../../platform/durable.ts';
import type { Station } from '../../station/station.ts';
import { readDocuments, readText } from '../documents/read-documents.ts';
import { Absent } from './fact.ts';

type BacklogValue = NonNullable<RuntimeFacts['backlog']['value']>;

/** What backlog and documents say. */
export interface Stated {
  readonly contradictions: readonly Contradiction[];
  /** What could not be read, and why. */
  readonly notRead: readonly string[];
  /** Throws where it could not be read. */
  backlog(): BacklogValue | Absent;
  /** Throws where it could not be read. */
  plan(): string | Absent;
}

/** More commits than these are not looked up one by one. */
const MOST_COMMITS = 500;

/** Reads them, and holds them against each other and against what was measured. Never throws. */
export async function statedIn(station: Station, claims: RuntimeFacts['claims']['value']): Promise<Stated> {
  const { documents: settings } = station.settings;
  const backlog = readBacklog(station);
  const { documents, notRead } = await readDocuments(station, settings.state);
  const commits = await inHistory(station, documents, notRead);
  const contradictions = contradictionsIn({
    documents,
    backlog: backlog.entries,
    claims: settings.claims.map(({ phrases, missing = false }, n) => {
      const claim = claims?.[n];
      const isThere = claim?.there ?? null;
      return { subject: claim === undefined ? '' : `${claim.kind} ${claim.name}`, phrases, missing, isThere };
    }),
    commits: commits.found,
    activePlan: null,
  });
  return {
    contradictions,
    notRead: [...commits.notRead],
    backlog: () => backlog.value,
    plan: () => new Absent('settings name no register'),
  };
}
