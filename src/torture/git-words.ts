/** Git commands of the station that write. */
const WRITES = [
  'update-ref',
  'update-index',
  'hash-object',
  'pack-objects',
  'pack-refs',
  'push',
  'fetch',
  'bundle',
  'worktree',
  'read-tree',
  'merge-tree',
  'commit-tree',
];

/** `git -c a=b -c c=d update-ref --stdin` is `update-ref`. */
export function subcommand(argv: readonly string[]): string {
  for (let i = 1; i < argv.length; i++) {
    if (argv[i] === '-c') i++;
    else if (argv[i]?.startsWith('-') !== true) return argv[i] ?? '';
  }
  return '';
}

/** Whether a git command line changes the repository. */
export function gitWrites(argv: readonly string[]): boolean {
  return WRITES.includes(subcommand(argv));
}
