import { basename } from 'node:path';
import type { StateDocument } from '../../order/generated.ts';

/** What an order is called in a list. One that was rejected before its title could be read is known by its file. */
export function titleOf({ title, status, request }: Pick<StateDocument, 'title' | 'status' | 'request'>): string {
  if (title !== '' || status !== 'rejected') return title;
  // quarantine puts the claim before the name
  return basename(request.path).replace(/^[0-9A-Z]{26}-/, '');
}
