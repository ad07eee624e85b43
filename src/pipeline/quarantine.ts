import { join } from 'node:path';
import { type ClaimedRequest, readClaim } from '../intake/claim.ts';
import type { RejectedData } from '../order/event.ts';
import { readIfThere, writeUnsynced } from '../platform/durable.ts';
import { fs, ifThere } from '../platform/fs.ts';
import type { Runtime } from './runtime.ts';

/** Shows refused input where people look, byte for byte. The claim keeps the bytes until the journal has them. */
export function quarantine(rt: Runtime, data: RejectedData): void {
  if (data.request === null || data.quarantine === null) return;
  const request = readClaim(rt.station.layout.claimed, data.claim);
  const path = join(rt.station.layout.root, data.quarantine);
  if (request === null) return;
  writeQuarantined(path, quarantinedFiles(request));
}

/** What stands in quarantine: the file, or the folder bundle, as it was dropped. */
export function quarantinedFiles({
  bytes,
  orderFile,
  attachments,
}: Pick<ClaimedRequest, 'bytes' | 'orderFile' | 'attachments'>): { path: string; bytes: Buffer }[] {
  return orderFile === null || attachments === null
    ? [{ path: '', bytes }]
    : [{ path: orderFile, bytes }, ...attachments];
}

/** Writes what is not there yet, byte for byte. */
export function writeQuarantined(path: string, files: readonly { path: string; bytes: Buffer }[]): void {
  for (const file of files) {
    const to = file.path === '' ? path : join(path, file.path);
    if (readIfThere(to)?.equals(file.bytes) === true) continue;
    ifThere(() => fs.unlinkSync(to)); // half of it, left by a kill
    writeUnsynced(to, file.bytes);
  }
}
