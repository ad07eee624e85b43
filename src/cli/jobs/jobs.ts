import { usage } from '../output.ts';
import type { JobOptions } from './options.ts';

/** `waybill jobs …`. */
export async function jobs(what: string, about: string | null, options: JobOptions): Promise<void> {
  const named = (name: string): string => {
    if (about === null) throw usage(`jobs ${what} takes ${name}`);
    return about;
  };
  switch (what) {
    case 'run':
      return (await import('./run.ts')).run(named('a file or -'), options);
    case 'ls':
      if (about !== null) throw usage(`jobs ls takes nothing, not ${JSON.stringify(about)}`);
      return (await import('./ls.ts')).ls(options);
    case 'show':
      return (await import('./show.ts')).show(named('a job'), options);
    default:
      throw usage(`jobs knows run, ls and show, not ${JSON.stringify(what)}`);
  }
}
