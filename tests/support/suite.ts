import { AssertionError } from 'node:assert';
import { inspect } from 'node:util';
import * as uvu from 'uvu';
import { firstMissingNeed, type NeedName } from './runner/needs.ts';
import { afterGrace, kill, livingChildren } from './runner/processes.ts';
import { KEEP_TMP_VARIABLE, REPORT_VARIABLE, writeReport } from './runner/report.ts';
import { leftoverFolders, Scope, within } from './runner/scope.ts';

export { strict as assert } from 'node:assert';
export { findOnPath } from './runner/needs.ts';

export interface SuiteOptions {
  /** Names from the table in runner/needs.ts. When one is missing the suite is not run, and listed as a gap. */
  needs?: readonly NeedName[];
  /** For each test and hook. 150 s, or 10 minutes when torture. */
  timeoutMs?: number;
  /** Only in a *.torture.test.ts file, which only `npm run torture` runs. */
  torture?: boolean;
}

export interface TestContext {
  /** A real, empty folder, removed after the test (kept with WAYBILL_KEEP_TMP=1). */
  tempDir(): string;
  /** Runs after the test, pass or fail; the last one deferred runs first. */
  defer(cleanUp: () => unknown): void;
}

type Body = (t: TestContext) => unknown;

/** There is no `only`: a forgotten one turns a suite green. */
export interface Suite {
  (title: string, body: Body): void;
  /** Keep the body: it is checked by the compiler though it does not run. */
  skip(title: string, reason: string, body?: Body): void;
  /** Hooks run once for the suite; what their context borrows lives until the suite ends. */
  before(hook: Body): void;
  after(hook: Body): void;
  run(): void;
}

interface Outcome {
  name: string;
  phase: 'declared' | 'running' | 'ended';
  missing: string | undefined;
  tests: number;
  passed: number;
}

const LINGER_MS = 2000;

// Taken out of the environment so that the programs a test starts do not report in its place.
const reportFile = takeVariable(REPORT_VARIABLE);
const keepFolders = takeVariable(KEEP_TMP_VARIABLE) === '1';
const isTortureFile = /\.torture\.test\.m?ts$/.test(process.argv[1] ?? '');

const outcomes: Outcome[] = [];
const skipped: string[] = [];
const problems: string[] = [];
let finished = false;

/** uvu behind a stricter face: every way to end without having run all tests is a failure. */
export function suite(name: string, options: SuiteOptions = {}): Suite {
  if (finished) throw new Error(`suite "${name}" was declared after the others had ended`);
  if (options.torture === true && !isTortureFile) {
    throw new Error(`suite "${name}" is torture: it belongs in a *.torture.test.ts file`);
  }
  const limitMs = options.timeoutMs ?? (options.torture === true ? 600_000 : 150_000);
  const missing = firstMissingNeed(options.needs ?? []);
  const outcome: Outcome = { name, phase: 'declared', missing, tests: 0, passed: 0 };
  outcomes.push(outcome);

  const inner = uvu.suite(name);
  const scope = new Scope(keepFolders);
  const afterHooks: Body[] = [];

  const test = (title: string, body: Body): void => {
    outcome.tests += 1;
    inner(title, async () => {
      const testScope = new Scope(keepFolders);
      const errors: unknown[] = [];
      await within(limitMs, 'the test', () => body(testScope)).catch((error: unknown) => errors.push(error));
      errors.push(...(await testScope.close()));
      if (errors.length > 0) throw asFailure(errors);
      outcome.passed += 1;
    });
  };
  test.skip = (title: string, reason: string): void => {
    if (!reason) throw new Error(`"${title}" is skipped without a reason`);
    skipped.push(`${name}: ${title} - ${reason}`);
  };
  test.before = (hook: Body): void => {
    inner.before(async () => {
      await within(limitMs, 'the before hook', () => hook(scope)).catch((error: unknown) => {
        problem(`suite "${name}": before hook: ${describe(error)}`);
        throw error;
      });
    });
  };
  test.after = (hook: Body): void => {
    afterHooks.push(hook);
  };
  test.run = (): void => {
    if (outcome.phase !== 'declared') throw new Error(`suite "${name}" runs twice`);
    if (missing !== undefined) {
      outcome.phase = 'ended';
      setImmediate(finishIfEnded);
      return;
    }
    outcome.phase = 'running';
    // The one after hook uvu knows: it never throws, because uvu would drop the rest of the file without a word.
    inner.after(async () => {
      const errors: unknown[] = [];
      for (const hook of afterHooks) {
        await within(limitMs, 'the after hook', () => hook(scope)).catch((error: unknown) => errors.push(error));
      }
      errors.push(...(await scope.close()));
      for (const error of errors) problem(`suite "${name}": after hook: ${describe(error)}`);
      outcome.phase = 'ended';
      setImmediate(finishIfEnded);
    });
    inner.run();
  };
  return test;
}

process.on('exit', () => {
  if (finished) return;
  for (const { name } of outcomes.filter(({ phase }) => phase === 'declared')) neverRan(name);
  console.error('the file ended before its suites did');
  process.exitCode = 1;
});

function finishIfEnded(): void {
  if (finished || outcomes.some(({ phase }) => phase === 'running')) return;
  finished = true;
  void finish();
}

async function finish(): Promise<void> {
  for (const { name, phase, tests } of outcomes) {
    if (phase === 'declared') neverRan(name);
    if (tests === 0) problem(`suite "${name}" has no tests`);
  }
  for (const { pid, command } of await afterGrace(livingChildren, 1000)) {
    problem(`left a child process running: ${pid} ${command}`);
    kill(pid);
  }
  for (const folder of leftoverFolders()) problem(`left a temporary folder: ${folder}`);

  const ran = outcomes.filter(({ missing }) => missing === undefined);
  const notRun = outcomes.filter(({ missing }) => missing !== undefined);
  const total = ran.reduce((sum, { tests }) => sum + tests, 0);
  const passed = ran.reduce((sum, { passed }) => sum + passed, 0);
  const gaps = notRun.map(({ name, missing, tests }) => ({ reason: `${name} - needs ${missing}`, tests }));
  for (const { reason } of gaps) console.error(`not run: ${reason}`);
  if (problems.length > 0 || passed !== total) process.exitCode = 1;
  if (reportFile !== undefined) writeReport(reportFile, { total, passed, skipped, notRun: gaps, problems });

  // Unreferenced: it fires only when something else, such as a watcher or a server, keeps the process alive.
  setTimeout(() => {
    console.error(`left open: ${process.getActiveResourcesInfo().join(', ')}`);
    process.exit(1);
  }, LINGER_MS).unref();
}

function problem(text: string): void {
  problems.push(text);
  console.error(text);
}

function neverRan(name: string): void {
  problem(`suite "${name}" never ran: test.run() is missing`);
}

/** Only a message: uvu stumbles over errors without a name or a stack, and over values it cannot compare. */
function asFailure(errors: readonly unknown[]): Error {
  const failure = new Error(errors.map(describe).join('\n'));
  failure.stack = failure.message.replaceAll('\n', ' ');
  return failure;
}

function describe(error: unknown): string {
  if (error instanceof AssertionError) return error.stack ?? error.message;
  return error instanceof Error ? inspect(error) : `thrown, though not an Error: ${inspect(error)}`;
}

function takeVariable(name: string): string | undefined {
  const value = process.env[name];
  delete process.env[name];
  return value;
}
