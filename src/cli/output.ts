import pc from 'picocolors';
import { asWaybillError, WaybillError } from '../order/error.ts';
import type { Status } from '../order/transition.ts';
import { answerText, refusal } from '../views/answers/answer.ts';
import { EXIT, exitCodeOf } from '../views/exit-codes.ts';

export { EXIT, exitCodeOf } from '../views/exit-codes.ts';
export { age, plain, sizeText } from '../views/words.ts';

export function exitCodeOfStatus(status: Status): number {
  if (status === 'done') return EXIT.done;
  return status === 'failed' || status === 'rejected' || status === 'cancelled' ? EXIT.failed : EXIT.parked;
}

/** One line or more on standard output. A closed pipe (`| head`) is no error. */
export function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

/** A machine's answer: one JSON object, versioned. */
export function printJson(value: object): void {
  print(answerText(value));
}

/** Remarks for people, on standard error, so that they break no pipe. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

const BAR = 30;
const REDRAWN_MS = 100;

/** A bar on standard error, drawn again in its line, which is empty in the end. Only for a terminal. */
export function progressBar(what: string): (done: number, total: number) => void {
  let drawnAt = 0;
  return (done, total) => {
    const isOver = done >= total;
    if (!isOver && Date.now() - drawnAt < REDRAWN_MS) return;
    drawnAt = Date.now();
    const full = Math.floor((BAR * done) / total);
    const bar = `[${'#'.repeat(full)}${'.'.repeat(BAR - full)}] ${Math.floor((100 * done) / total)} %, ${done} of ${total} records`;
    process.stderr.write(`\r\x1b[K${isOver ? '' : `${what} ${bar}`}`);
  };
}

/** Says what went wrong and how to mend it; sets the exit code. */
export function fail(thrown: unknown, json: boolean): void {
  const error = asWaybillError(thrown);
  process.exitCode = exitCodeOf(error);
  if (json) {
    printJson(refusal(error));
    return;
  }
  const { file, line, column } = error.place;
  const where =
    file === undefined
      ? ''
      : `${file}${line === undefined ? '' : `:${line}${column === undefined ? '' : `:${column}`}`}: `;
  note(`${where}${pc.red(error.code)} ${error.message}\n  ${pc.dim('hint:')} ${error.hint.replaceAll('\n', '\n  ')}`);
  if (error.code === 'INTERNAL' && error.cause instanceof Error && process.env['WAYBILL_DEBUG'] !== undefined)
    note(error.cause.stack ?? '');
}

const COLOURS: Record<Status, (text: string) => string> = {
  ready: pc.cyan,
  running: pc.blue,
  parked: pc.yellow,
  done: pc.green,
  failed: pc.red,
  rejected: pc.red,
  cancelled: pc.dim,
};

export function colouredStatus(status: Status): string {
  return COLOURS[status](status);
}

export function usage(message: string): WaybillError {
  return new WaybillError('USAGE', message);
}
