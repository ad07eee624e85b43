import { command } from '../command.ts';

/** Jobs of OpenClaw from the command line. */

command(
  'jobs <what> [about]',
  'jobs of OpenClaw: run, ls, show',
  [
    'waybill jobs run job.json',
    'waybill jobs run job.json --json > result.json',
    'waybill jobs run - < job.json',
    'waybill jobs ls',
    'waybill jobs show JOB-001 --json',
  ],
  (c) =>
    c
      .option('--lane <lane>', 'run: which lane (default: default_lane in waybill.yaml)')
      .option('--limit <n>', 'ls: at most so many', '50')
      .addHelpText(
        'after',
        `
What:
  run FILE   hands a job in (a file, or - for standard input) and follows it until it ends or waits for somebody
  ls         the jobs that came last, the newest first
  show JOB   how a job stands, by its id or that of its order

With --json, run and show print the result as its producer takes it (lifeos.result.v0.2). A job that is sent again is answered from what is known; a note says so.
Notes stand on standard error. A dry run takes the job's id, is BLOCKED DRY_RUN, and exits 0.

Exit codes of run and show: 0 PASS, 1 BLOCKED or CANCELLED, 3 waits for somebody or something, 65 no job, or one that is refused
before any order is made of it, also for an id that another job has (DUPLICATE_ID).`,
      ),
  async ([what, about], o) => (await import('../jobs/jobs.ts')).jobs(what ?? '', about ?? null, o),
);
