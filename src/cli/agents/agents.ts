import { usage } from '../output.ts';
import type { AgentsOptions } from './options.ts';

/** `waybill agents …`. */
export async function agents(what: string, role: string | null, options: AgentsOptions): Promise<void> {
  switch (what) {
    case 'init':
      return (await import('./init.ts')).initAgents(role, options);
    case 'ls':
      if (role !== null) throw usage('ls takes no role: it lists all');
      return (await import('./ls.ts')).listAgents(options);
    case 'check':
      return (await import('./check.ts')).checkAgents(role, options);
    default:
      throw usage(`agents knows ls, check and init, not ${JSON.stringify(what)}`);
  }
}
