import { command } from '../command.ts';

/** Commands about what must stay as it is. */

command(
  'guardrail',
  'look after what is critical: files, folders, processors, services; tell, and repair',
  [
    'waybill guardrail --once',
    'waybill guardrail --once --json',
    'waybill guardrail --deep',
    'waybill guardrail --review',
  ],
  (c) =>
    c
      .option('--once', 'look once and exit: 0 when nothing is at fault, else 1')
      .option('--deep', 'look once, read every file, and send a canary through')
      .option('--review', 'what automatic repair would have done')
      .option('--hours <n>', 'with --review: how far back', '48')
      .option('--accept <path>', 'take a file as it is now for good')
      .option('--list', 'the components, and how each is checked')
      .option('--timeout <seconds>', 'with --deep: how long the canary may take', '60')
      .option('--log-level <level>', 'trace to silent', 'info'),
  async (_, o) => (await import('../guardrail/guardrail.ts')).guardrail(o),
);
