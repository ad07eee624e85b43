import { usage } from '../output.ts';
import type { DocumentOptions } from './options.ts';

/** `waybill docs check|build`. Throws USAGE for another word. */
export async function documents(what: string, options: DocumentOptions): Promise<void> {
  if (what === 'check') return (await import('./check.ts')).check(options);
  if (what === 'build') return (await import('./build.ts')).build(options);
  throw usage(`docs ${JSON.stringify(what)} is nothing it knows; check and build are`);
}
