import type { ServicePlan } from '../../../src/station/services/plan.ts';

/** Folders as nobody should call them, and as somebody does. */
export const AWKWARD = [
  '/srv/my project',
  '/srv/R&D <new>',
  '/srv/100% $HOME $PATH $$',
  `/srv/it's "quoted"`,
  '/srv/back\\slash \\n',
  '/srv/ünïcode 工作',
  '/srv/semi;colon #hash',
  '/srv/tab\there',
] as const;

/** A plan for tests; nothing of it exists. */
export function planFor(more: Partial<ServicePlan> = {}): ServicePlan {
  return {
    manager: 'launchd',
    scope: 'user',
    stationId: 'ops-x7k2',
    root: '/srv/ops',
    programs: { node: '/usr/bin/node', waybill: '/opt/waybill/dist/cli/main.js', path: '/usr/bin:/bin' },
    home: '/home/anna',
    config: '/home/anna/.config',
    user: null,
    stopSeconds: 25,
    killGraceSeconds: 5,
    live: '/srv/ops/.git/waybill',
    ...more,
  };
}
