import { dirname, join } from 'node:path';
import { hashOf, sha256 } from '../order/canonical-json.ts';
import { isMapping } from '../order/dialects/sheet.ts';
import { WaybillError } from '../order/error.ts';
import type { TakeRule } from '../order/generated.ts';
import { mendedId } from '../order/id.ts';
import { ensureDir, exists, syncDir, writeNew } from '../platform/durable.ts';
import { insideClaim, MADE_ORDER } from './claim.ts';

/** Files that are no orders by themselves: a rule in settings says which order to make of them. The seam for file automation. */

/**
 * The order that a rule makes of a file, as JSON. The same file gives the same order under the same id, so that one dropped twice is
 * answered again. Throws NOT_UTF8 where the rule wants the text of what is none.
 */
export function madeOrder(rule: TakeRule, file: string, bytes: Buffer, lane: string): Buffer {
  const stem = file.replace(/\.[^.]+$/, '');
  const words: Record<string, () => string> = {
    file: () => file,
    stem: () => stem,
    lane: () => lane,
    base64: () => bytes.toString('base64'),
    content: () => textOf(bytes, file),
  };
  const order = filled(rule.order ?? {}, words) as Record<string, unknown>;
  const id = `${mendedId(stem)?.slice(0, 80) ?? lane}-${hashOf([file, lane, rule.order ?? null, sha256(bytes)]).slice(7, 15)}`;
  return Buffer.from(JSON.stringify({ wo_id: id, title: file, ...order }, null, 2));
}

/** One pass over each text, so that what a file holds is never taken for a word of the rule (rule 8). */
function filled(value: unknown, words: Readonly<Record<string, () => string>>): unknown {
  if (typeof value === 'string')
    return value.replace(/\{(\w+)\}/g, (whole, word: string) =>
      Object.hasOwn(words, word) ? (words[word]?.() ?? whole) : whole,
    );
  if (Array.isArray(value)) return (value as unknown[]).map((inner) => filled(inner, words));
  if (isMapping(value))
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, filled(inner, words)]));
  return value;
}

function textOf(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new WaybillError('NOT_UTF8', `${file} is not valid UTF-8, and the rule of its lane wants its text`, {
      hint: 'Use {base64} with encoding: base64 in the rule.',
    });
  }
}

/** Puts the order beside the claimed file, durably: what settings say later changes nothing about it. */
export function keepMadeOrder(claimed: string, claim: string, lane: string, order: Buffer): void {
  const path = join(claimed, claim, insideClaim(lane, MADE_ORDER));
  if (exists(path)) return;
  ensureDir(dirname(path));
  writeNew(path, order);
  syncDir(dirname(path));
}
