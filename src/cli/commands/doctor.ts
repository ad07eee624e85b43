import { command, same } from '../command.ts';

/** Commands about the installation. */

command(
  'doctor',
  'check the installation and the station, and say how to mend what is found; changes nothing',
  ['waybill doctor', 'waybill doctor --json', 'waybill doctor --station ~/ops'],
  same,
  async (_, o) => (await import('../guardrail/doctor.ts')).doctor(o),
);
