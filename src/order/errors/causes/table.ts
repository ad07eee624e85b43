import type { ErrorCode } from '../../error.ts';
import { ASKING } from './asking.ts';
import { BACKLOG } from './backlog.ts';
import type { Causes, ErrorCause } from './cause.ts';
import { DECISIONS } from './decisions.ts';
import { MISSIONS } from './missions.ts';
import { PLANNING } from './planning.ts';
import { READING } from './reading.ts';
import { RECORDS } from './records.ts';
import { RUNNING } from './running.ts';
import { STATION } from './station.ts';

/** Some codes that a reader looks for in one place. */
interface Theme {
  readonly title: string;
  readonly causes: Causes;
}

/** The themes, in the order of an order's life. Each code stands in one of them. */
export const THEMES: readonly Theme[] = [
  { title: 'A file that was dropped', causes: READING },
  { title: 'What an order would change', causes: PLANNING },
  { title: 'Commands, checks and landing', causes: RUNNING },
  { title: 'Missions and agents', causes: MISSIONS },
  { title: 'Decisions of people', causes: DECISIONS },
  { title: 'Backlog, documents and jobs', causes: BACKLOG },
  { title: 'The station, its settings and services', causes: STATION },
  { title: 'Records, backup, keeps and rollback', causes: RECORDS },
  { title: 'Commands that are given', causes: ASKING },
];

/** Causes and cure of every code: a new one without them does not compile. */
export const ERROR_CAUSES = {
  ...READING,
  ...PLANNING,
  ...RUNNING,
  ...MISSIONS,
  ...DECISIONS,
  ...BACKLOG,
  ...STATION,
  ...RECORDS,
  ...ASKING,
} as const satisfies Readonly<Record<ErrorCode, ErrorCause>>;
