import type { Heartbeat } from '../order/generated.ts';
import { readIfThere, writeProjection } from '../platform/durable.ts';
import { conforms } from '../platform/schema.ts';
import type { Layout } from './layout.ts';

/** A heartbeat comes at least every minute (intake.scan_seconds); twice that allows for a long turn. In seconds. */
export const HEARTBEAT_AGE = 120;

/** What the station process said of itself when it last came to rest. Null where there is nothing, or nothing that can be read. */
export function readHeartbeat({ heartbeat }: Pick<Layout, 'heartbeat'>): Heartbeat | null {
  try {
    const value: unknown = JSON.parse(readIfThere(heartbeat)?.toString('utf8') ?? 'null');
    return conforms('heartbeat', value) ? (value as Heartbeat) : null;
  } catch {
    return null; // it is written again within a minute
  }
}

/** Replaces what the process said before. Throws IO_ERROR. */
export function writeHeartbeat({ heartbeat }: Pick<Layout, 'heartbeat'>, beat: Heartbeat): void {
  writeProjection(heartbeat, `${JSON.stringify(beat)}\n`);
}
