import type { GuardrailLook } from '../../order/generated.ts';
import type { Settings } from '../../station/settings.ts';

/**
 * What the guardrail's last look says of now: `bad` has faults, `old` was so long ago that it says nothing, `never` and `off` mean that nobody
 * looked, and for `off` that the station does not by itself.
 */
export type LookStanding = 'good' | 'bad' | 'old' | 'never' | 'off';

/** So many of its intervals may the guardrail miss before its last look says nothing of now. */
export const LOOKS_MISSED = 3;

/** How often the guardrail looks, in seconds: as it said itself, else as settings have it. */
export function lookSeconds(
  look: Pick<GuardrailLook, 'interval'> | null,
  settings: Pick<Settings, 'guardrail'>,
): number {
  return look?.interval?.seconds ?? settings.guardrail.everySeconds;
}

export function isOldLook(
  look: Pick<GuardrailLook, 'at' | 'interval'>,
  settings: Pick<Settings, 'guardrail'>,
  nowMs = Date.now(),
): boolean {
  return nowMs - Date.parse(look.at) > LOOKS_MISSED * lookSeconds(look, settings) * 1000;
}

export function lookStanding(
  look: Pick<GuardrailLook, 'at' | 'interval' | 'faults'> | null,
  settings: Pick<Settings, 'guardrail'>,
): LookStanding {
  if (look === null) return settings.guardrail.enabled ? 'never' : 'off';
  if (isOldLook(look, settings)) return 'old';
  return look.faults.length > 0 ? 'bad' : 'good';
}
