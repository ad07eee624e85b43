import { type Finding, finding } from '../../guardrail/finding.ts';
import { durationText } from '../../guardrail/words.ts';
import { CANARY_ID, canaryText } from '../../order/canary.ts';
import type { ResultDocument } from '../../order/generated.ts';
import { now, pause } from '../../platform/clock.ts';
import { readIfThere } from '../../platform/durable.ts';
import { newUlid } from '../../platform/ids.ts';
import { lockHolder } from '../../platform/lock.ts';
import { resultPath } from '../../record/result-path.ts';
import type { Station } from '../../station/station.ts';
import { sendCommand } from '../commands/send-command.ts';

export const CANARY = { name: 'canary', severity: 'critical', repair: 'report' } as const;
const LOOK_MS = 50;

/** Sends a harmless order through the whole pipeline and waits for its end; what is wrong if it does not come to a good one. */
export async function tryCanary(station: Station, timeoutMs: number): Promise<Finding | null> {
  if (lockHolder(station.layout.lock) === null)
    return finding(CANARY, 'not_alive', 'no station process runs that would take it');
  const unique = newUlid();
  const woId = `${CANARY_ID}${unique}`;
  const lane = station.settings.defaultLane;
  const content = Buffer.from(canaryText(unique)).toString('base64');
  sendCommand(station, { v: 1, command: 'drop', at: now(), lane, file: `${woId}.json`, content });
  const path = resultPath(station, lane, woId);
  for (const until = Date.now() + timeoutMs; Date.now() < until; await pause(LOOK_MS)) {
    const text = readIfThere(path)?.toString('utf8');
    if (text === undefined) continue;
    const result = JSON.parse(text) as ResultDocument;
    return result.status === 'done'
      ? null
      : finding(CANARY, 'broken', `${woId} is ${result.status}: ${result.summary}`);
  }
  return finding(CANARY, 'waits_long', `${woId} did not end within ${durationText(timeoutMs)}`);
}
