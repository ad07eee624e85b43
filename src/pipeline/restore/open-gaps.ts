import { join } from 'node:path';
import { namesIn } from '../../platform/durable.ts';
import { readLedger } from '../../record/ledger.ts';
import type { Station } from '../../station/station.ts';

/** The folder of the git folder that holds what told of lost records. */
export const ASIDE = 'before-gap';

/** Where things that tell of lost records are kept: in the git folder, where no clean reaches them. */
export function asideFolder(station: Station, seq: number): string {
  return join(station.layout.live, ASIDE, String(seq));
}

/** Gaps that nobody has cleared up yet: the gap record's number, and the folder of what tells of the lost records. */
export function openGaps(station: Station): { seq: number; kept: string }[] {
  return (
    namesIn(join(station.layout.live, ASIDE))
      .filter((name) => /^\d+$/.test(name))
      .map((name) => ({ seq: Number(name), kept: asideFolder(station, Number(name)) }))
      // things of another tree are set aside here, too
      .filter(({ seq }) => readLedger(station.layout.ledger, seq).next().value?.event === 'gap')
      .sort((a, b) => a.seq - b.seq)
  );
}
