import { asWaybillError } from '../../order/error.ts';
import { AGENTS } from './agents.ts';
import { CLOCK } from './clock.ts';
import { DISK } from './disk.ts';
import type { Check, Finding, Remark } from './finding.ts';
import { FOLDERS } from './folders.ts';
import { GIT } from './git.ts';
import { GIT_SETTINGS } from './git-settings.ts';
import { LOCK } from './lock.ts';
import { NODE } from './node.ts';
import { PROGRAMS } from './programs.ts';
import { REPOSITORY } from './repository.ts';
import { RUNNING } from './running.ts';
import { SANDBOX } from './sandbox.ts';
import { SERVICES } from './services.ts';
import { SETTINGS } from './settings.ts';
import { SPACE } from './space.ts';
import type { Subject } from './subject.ts';
import { WATCHES } from './watches.ts';

/** Every check, in the order in which it is told: what others rest upon comes first. A new one is added here. */
export const CHECKS: readonly Check[] = [
  NODE,
  LOCK,
  GIT,
  SETTINGS,
  REPOSITORY,
  GIT_SETTINGS,
  FOLDERS,
  DISK,
  SPACE,
  WATCHES,
  CLOCK,
  PROGRAMS,
  SANDBOX,
  AGENTS,
  SERVICES,
  RUNNING,
];

/** A check that takes longer waits for a program that hangs. (A disk that hangs holds up the whole process; nothing helps against that.) */
const LONGEST_MS = 30_000;

/** Runs the checks one after the other. One that breaks or hangs is a fault named as such, and stops no other (rule 10). Never throws. */
export async function examine(
  subject: Subject,
  checks: readonly Check[] = CHECKS,
  longestMs = LONGEST_MS,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { name, look } of checks) {
    const remarks = await within(longestMs, async () => look(subject));
    findings.push(...remarks.map(({ ok, message, mend }) => ({ check: name, ok, message, mend })));
  }
  return findings;
}

async function within(limitMs: number, look: () => Promise<readonly Remark[]>): Promise<readonly Remark[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end within ${limitMs / 1000} s`)), limitMs);
  });
  try {
    return await Promise.race([look(), late]);
  } catch (thrown) {
    const { message, hint } = asWaybillError(thrown);
    return [{ ok: 'fault', message: `the check itself failed: ${message}`, mend: hint }];
  } finally {
    clearTimeout(timer);
  }
}
