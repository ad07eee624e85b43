import { usage } from '../output.ts';

type Options = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };

export async function backlog(what: string, item: string | null, options: Options): Promise<void> {
  if (what === 'ls') return (await import('./ls.ts')).ls(options);
  if (what === 'next') return (await import('./next.ts')).next(options);
  if (what === 'run') return (await import('./run.ts')).run(item, options);
  if (what === 'release') {
    if (item === null) throw usage('release takes the key of an item');
    return (await import('./release.ts')).release(item, options);
  }
  throw usage(`backlog takes ls, next, run or release, not ${JSON.stringify(what)}`);
}
