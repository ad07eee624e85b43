import type { JobDocument } from '../generated.ts';
import { orderOfJob } from '../job.ts';
import { asksForCare } from './fields.ts';
import type { Sheet } from './sheet.ts';

/** A job of OpenClaw, which whoever reads has held against its schema: what it means stands in job.ts, and here it only comes onto the sheet. */
export function mapJob(sheet: Sheet): void {
  const { values, notes } = orderOfJob(sheet.source.value as JobDocument, asksForCare);
  for (const { key, value, from } of values) sheet.put(key, value, from);
  for (const { code, path, message } of notes) sheet.warn(code, path, message);
}
