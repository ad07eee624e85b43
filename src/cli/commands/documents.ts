import { command } from '../command.ts';

/** Commands about what documents say. */

command(
  'docs <what>',
  'what documents say: check it, build index and corpus of them',
  [
    'waybill docs check',
    'waybill docs check --mode block',
    'waybill docs check --json',
    'waybill docs build',
    'waybill docs build --check',
  ],
  (c) =>
    c
      .addHelpText(
        'after',
        `
What:
  check  the status file, contradictions, the register of plans, markers left over, index and corpus
  build  writes index and corpus by an order, where they are not what the committed documents make`,
      )
      .option('--mode <mode>', 'check: off, warn or block (default: documents.mode of waybill.yaml)')
      .option('--check', 'build: only say whether they are current; exits 1 where not')
      .option('--replace', 'build: also replace a file that was not made by this command')
      .option('--lane <lane>', "build: the order's lane")
      .option('--timeout <seconds>', 'build: give up waiting after this long'),
  async ([what], o) => (await import('../documents/documents.ts')).documents(what ?? '', o),
);
