import { join } from 'node:path';
import type { GuardrailLook } from '../order/generated.ts';
import { ensureDir, exists, readIfThere, writeProjection } from '../platform/durable.ts';
import { conforms } from '../platform/schema.ts';
import type { Layout } from '../station/layout.ts';

/** Where the guardrail's last look is written down: what was at fault then, and its heartbeat. */
const lookPath = (layout: Layout) => join(layout.guardrail, 'look.json');

/** What the guardrail found when it looked last; null where it never did, or what it wrote cannot be read. */
export function readLook(layout: Layout): GuardrailLook | null {
  try {
    const value: unknown = JSON.parse(readIfThere(lookPath(layout))?.toString('utf8') ?? 'null');
    return conforms('guardrail-look', value) ? (value as GuardrailLook) : null;
  } catch {
    return null;
  }
}

/**
 * Makes the guardrail's folder, but never the one above it: where somebody took the git folder away, or puts another one there, nothing of ours
 * may stand in the way. False where there is none.
 */
export function hasHome({ live, guardrail }: Pick<Layout, 'live' | 'guardrail'>): boolean {
  if (!exists(live)) return false;
  ensureDir(guardrail);
  return true;
}

export function writeLook(layout: Layout, look: GuardrailLook): void {
  if (!hasHome(layout)) return;
  writeProjection(lookPath(layout), `${JSON.stringify(look)}\n`);
}
