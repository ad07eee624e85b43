import { readFileSync, writeFileSync } from 'node:fs';

/** Names the file in which a test file reports. Set by the runner, taken out of the environment by suite.ts. */
export const REPORT_VARIABLE = 'WAYBILL_TEST_REPORT';
export const KEEP_TMP_VARIABLE = 'WAYBILL_KEEP_TMP';

/** Written once, when every suite of the file has ended: a file that exits early has no report. */
export interface Report {
  total: number;
  passed: number;
  /** One line each: what was skipped and why. */
  skipped: string[];
  /** Suites whose need is missing, with the number of their tests. */
  notRun: { reason: string; tests: number }[];
  /** What went wrong outside the tests: hooks, leaks, suites that never ran. */
  problems: string[];
}

export function writeReport(path: string, report: Report): void {
  writeFileSync(path, JSON.stringify(report));
}

export function readReport(path: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Report;
  } catch {
    return undefined;
  }
}
