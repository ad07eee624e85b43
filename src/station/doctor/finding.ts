import type { WaybillError } from '../../order/error.ts';
import type { DoctorFinding } from '../../order/generated.ts';
import type { Subject } from './subject.ts';

/** What a check found, and how to mend it. */
export type Finding = DoctorFinding;

/** One check: looks at one thing, changes nothing, and finds nothing where that thing does not exist (a machine without a station). */
export interface Check {
  readonly name: string;
  readonly look: (subject: Subject) => readonly Remark[] | Promise<readonly Remark[]>;
}

/** A finding before it has the name of its check. */
export type Remark = Omit<Finding, 'check'>;

export function fine(message: string): Remark {
  return { ok: 'ok', message, mend: null };
}

/** It works, but not as well as it could, or not for ever. */
export function warning(message: string, mend: string): Remark {
  return { ok: 'warning', message, mend };
}

/** Orders fail, or a promise of Waybill does not hold. */
export function fault(message: string, mend: string): Remark {
  return { ok: 'fault', message, mend };
}

/** What is wrong with a file, with its place. */
export function faultOf({ message, hint, place: { file, line, column } }: WaybillError): Remark {
  const where = file === undefined ? '' : `${[file, line, column].filter((part) => part !== undefined).join(':')}: `;
  return fault(`${where}${message}`, hint);
}
