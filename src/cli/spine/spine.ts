import { usage } from '../output.ts';
import type { SpineOptions } from './options.ts';

/** `waybill spine …`. */
export async function spine(what: string, about: string | null, options: SpineOptions): Promise<void> {
  const named = (name: string): string => {
    if (about === null) throw usage(`spine ${what} takes ${name}`);
    return about;
  };
  const alone = (): void => {
    if (about !== null) throw usage(`spine ${what} takes nothing, not ${JSON.stringify(about)}`);
  };
  switch (what) {
    case 'run':
      return (await import('./run.ts')).run(named('a file, a text or -'), options);
    case 'resume':
      return (await import('./resume.ts')).resume(named('a checkpoint or an order'), options);
    case 'status':
      return (await import('./status.ts')).status(about, options);
    case 'abort':
      return (await import('./abort.ts')).abort(named('an order'), options);
    case 'stop':
      alone();
      return (await import('./stop-file.ts')).stop(options);
    case 'go':
      alone();
      return (await import('./stop-file.ts')).go(options);
    default:
      throw usage(`spine knows run, resume, status, abort, stop and go, not ${JSON.stringify(what)}`);
  }
}
