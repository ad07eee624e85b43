import { join } from 'node:path';
import type { GuardrailLook } from '../order/generated.ts';
import { ensureDir, readIfThere, writeProjection } from '../platform/durable.ts';
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

export function writeLook(layout: Layout, look: GuardrailLook): void {
  ensureDir(layout.guardrail);
  writeProjection(lookPath(layout), `${JSON.stringify(look)}\n`);
}
