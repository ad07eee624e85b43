import { command } from '../command.ts';

/** What is allowed, and why. */

command(
  'policy <what> [arg]',
  'policy.yaml: init, check, explain ORDER, test FILE, trust, distrust PATTERN',
  [
    'waybill policy check',
    'waybill policy explain fix.yaml --lane CODE',
    'waybill policy explain WO-1',
    'waybill policy test policy-cases.yaml',
    'waybill policy trust',
    'waybill policy distrust 3f2a91c0de44',
  ],
  (c) =>
    c
      .option('--lane <lane>', 'explain: as if it came into this lane')
      .option('--reason <text>', 'distrust: why; it stands in the ledger')
      .addHelpText(
        'after',
        `
What:
  init      writes policy.yaml with the defaults, where there is none
  check     whether policy.yaml can be used, and what its rules are
  explain   for each path and command of an order (a file, - or an id that waits) which rule decides, and why
  test      holds policy.yaml against a file of expectations
  trust     what approvals made safe, and how many there are of others
  distrust  takes such a promotion back`,
      ),
  async ([what, arg], o) => (await import('../policy/policy.ts')).policy(what ?? '', arg, o),
);
