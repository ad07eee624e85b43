import { join } from 'node:path';
import { sha256 } from '../../order/canonical-json.ts';
import { WaybillError } from '../../order/error.ts';
import type { HistoryEntry } from '../../order/mission.ts';
import { readIfThere } from '../../platform/durable.ts';
import { readPacket } from '../../spine/packets/packet.ts';
import type { NamedVerdict } from '../../spine/packets/review-packet-text.ts';
import { stepFolder } from './documents.ts';

/** Every answer of a reviewer in this attempt, the last one last. Throws MISSION_ALTERED where one is not what it was. */
export function verdictsOn(claimFolder: string, history: readonly HistoryEntry[]): NamedVerdict[] {
  return history.flatMap((entry) => {
    if (entry.kind !== 'stepped' || entry.verdict === null) return [];
    const output = entry.outputs.find(({ name }) => name === 'verdict');
    if (output === undefined) return [];
    const bytes = readIfThere(join(stepFolder(claimFolder, entry.n, entry.step), 'verdict.json')) ?? null;
    if (bytes === null || sha256(bytes) !== output.sha256)
      throw new WaybillError('MISSION_ALTERED', `the verdict of step ${entry.n}, ${entry.step}, is not what it was`);
    const { step, role, agent } = entry;
    return [
      { step, role: role ?? '', agent: agent ?? '', sha256: output.sha256, verdict: readPacket('verdict', bytes) },
    ];
  });
}
