import { type Limits, readOrder } from '../../intake/read-order.ts';
import { isMapping } from '../../order/dialects/sheet.ts';
import { readDocument } from '../../order/document.ts';
import { WaybillError } from '../../order/error.ts';
import { isJob } from '../../order/job.ts';
import { wrappedJob } from '../../order/jobs/wrapped.ts';
import type { Warning } from '../../order/order.ts';
import { applySet } from '../../order/set/set.ts';
import { newUlid } from '../../platform/ids.ts';
import { type Given, readInput } from '../input.ts';
import { usage } from '../output.ts';

/** A mission as it can be handed in. */
export interface Task {
  readonly given: Given;
  readonly woId: string;
  readonly warnings: readonly Warning[];
}

const ID_KEYS = ['wo_id', 'id', 'work_order_id', 'task_id'];
const TYPE_KEYS = ['type', 'task_type'];

/**
 * What stands behind `spine run`: a file, `-`, or the text itself, which begins with a brace. An id and the type are put into the text where they
 * are missing, and the rest is the order's as its author wrote it, so that what is refused is told at its line. Throws what intake would refuse it
 * with, NO_INPUT, and USAGE for an order that is no mission.
 */
export async function readTask(about: string, id: string | null, limits: Limits): Promise<Task> {
  const given = /^\s*\{/.test(about) ? inText(about) : renamed(await readInput(about));
  const whole = completed(given, id, limits);
  const read = readOrder(whole, limits);
  if ('error' in read) throw read.error;
  const { order, warnings } = read;
  if (order.mission === null)
    throw new WaybillError('USAGE', `${order.woId} is no mission: it says itself what is to be done`, {
      hint: 'Hand it in with `waybill drop`, or leave files, actions and commands out.',
    });
  if (id !== null && order.woId !== id)
    throw usage(`the order has the id ${order.woId}, and --id says ${JSON.stringify(id)}`);
  return { given: whole, woId: order.woId, warnings };
}

function inText(text: string): Given {
  return renamed({ file: 'task.yaml', bytes: Buffer.from(text), orderFile: null, attachments: null });
}

/** What comes without a name of its own is read as what it looks like: errors are told in its own terms then. */
function renamed(given: Given): Given {
  if (given.file !== 'task.yaml' && given.file !== 'stdin.yaml') return given;
  return /^\s*\{\s*"/.test(given.bytes.subarray(0, 100).toString('latin1')) ? { ...given, file: 'task.json' } : given;
}

/** With an id and a type. A text that cannot be read stays as it is: intake says what is wrong with it. */
function completed(given: Given, id: string | null, limits: Limits): Given {
  if (given.attachments !== null) return given;
  const format = /\.json$/i.test(given.file) ? 'json' : 'yaml';
  try {
    const bounds = { maxBytes: limits.maxOrderBytes, maxDepth: limits.maxDepth };
    const document = readDocument(given.bytes, format, bounds);
    const { value } = document;
    // a job has an id of its own, and whatever is put into it makes another job of it
    if (!isMapping(value) || isJob(value) || wrappedJob(document, bounds) !== null) return given;
    const lacks = (keys: readonly string[]) => keys.every((key) => value[key] === undefined || value[key] === null);
    const missing: [string, string][] = [
      ...(lacks(ID_KEYS) ? [['wo_id', id ?? `WO-${newUlid()}`] as [string, string]] : []),
      ...(lacks(TYPE_KEYS) ? [['type', 'mission'] as [string, string]] : []),
    ];
    const bytes = missing.reduce(
      (before, [key, text]) => applySet(before, { action: 'set', path: given.file, key: [key], value: text, format }),
      given.bytes,
    );
    return { ...given, bytes };
  } catch (thrown) {
    if (thrown instanceof WaybillError) return given;
    throw thrown;
  }
}
