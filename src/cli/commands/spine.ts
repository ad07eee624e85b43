import { command } from '../command.ts';

/** Missions from the command line. */

command(
  'spine <what> [about]',
  'missions: run, resume, status, abort, stop, go',
  [
    `waybill spine run '{"task": "Say hello in src/hello.txt", "constraints": {"paths": ["src/hello.txt"]}}'`,
    'waybill spine run task.yaml --lane MAIN --json',
    'waybill spine resume WO-1',
    'waybill spine status',
    'waybill spine status WO-1',
    'waybill spine abort WO-1 --reason "the wrong file"',
    'waybill spine stop --reason "the model is down"',
  ],
  (c) =>
    c
      .option('--lane <lane>', 'run: which lane (default: default_lane in waybill.yaml)')
      .option('--id <wo_id>', 'run: its id, where the text has none')
      .option('--reason <text>', 'abort, stop: why; it stands in the ledger, or in the stop file')
      .addHelpText(
        'after',
        `
What:
  run TASK           hands in a mission (a file, its text, or - for standard input) and follows it until it ends or stops
  resume CHECKPOINT  follows a mission that stopped, by its checkpoint or its id; decides nothing: that is \`waybill approve\`
  status [ID]        the missions that are alive; one of them, with each step
  abort ID           ends a mission, and the agent that is at work for it
  stop               writes the stop file: no mission of this station goes on, and those at work stop within a second
  go                 removes it: they go on where they stopped

Where no station process runs, run and resume work here until there is nothing more to do, as \`waybill up --drain\` does.

Exit codes of run, resume and status ID: 0 done, 1 failed, rejected or cancelled, 3 waits for somebody or something.`,
      ),
  async ([what, about], o) => (await import('../spine/spine.ts')).spine(what ?? '', about ?? null, o),
);
