import { usage } from '../output.ts';
import type { ReportOptions } from './options.ts';

/** `waybill report [WHAT]`. Throws USAGE for what is none. */
export async function report(what: string, options: ReportOptions): Promise<void> {
  if (what === 'digest') return (await import('./digest.ts')).reportDigest(options);
  if (what === 'status') return (await import('./status.ts')).reportStatus(options);
  if (what === 'drift') return (await import('./drift.ts')).reportDrift(options);
  throw usage(`there is no report ${JSON.stringify(what)}: digest, status, drift`);
}
