import { posix } from 'node:path';
import { startedByGit } from './git-call.ts';
import { commandsOfLine, type Piece, pieceOf, type ReadLine } from './line-commands.ts';

/** Programs that start other programs: where in their arguments these stand. */

interface Wrapper {
  /** Short options that take a value. */
  readonly short?: string;
  /** Short options that take none. */
  readonly flags?: string;
  /** Long options that take a value as the next argument. */
  readonly long?: readonly string[];
  /** Arguments in front of the command. */
  readonly skip?: number;
  /** Assignments may stand in front of the command. */
  readonly assigns?: true;
  /** Options whose value is a line for a shell. */
  readonly line?: readonly string[];
  /** The arguments together are a line for a shell. */
  readonly joins?: true;
}

const PLAIN: Wrapper = {};
const WRAPPERS: Readonly<Record<string, Wrapper>> = {
  env: { flags: 'i0v', short: 'uCP', long: ['unset', 'chdir', 'argv0'], assigns: true, line: ['-S', '--split-string'] },
  nice: { short: 'n', long: ['adjustment'] },
  ionice: { flags: 'tpPu', short: 'cn', long: ['class', 'classdata'] },
  chrt: { flags: 'abdfiormpvR', short: 'TPD', skip: 1 },
  taskset: { flags: 'acp', skip: 1 },
  nohup: PLAIN,
  setsid: { flags: 'cfw' },
  stdbuf: { short: 'ioe', long: ['input', 'output', 'error'] },
  timeout: { flags: 'vfp', short: 'ks', long: ['kill-after', 'signal'], skip: 1 },
  gtimeout: { flags: 'vfp', short: 'ks', long: ['kill-after', 'signal'], skip: 1 },
  time: { assigns: true, flags: 'apqvV', short: 'fo', long: ['format', 'output'] },
  gtime: { flags: 'apqvV', short: 'fo', long: ['format', 'output'] },
  watch: { flags: 'bcdegptxwr', short: 'nqs', long: ['interval', 'equexit'], joins: true },
  xargs: {
    flags: '0rtxpo',
    short: 'adEILnPsJRS',
    long: ['arg-file', 'delimiter', 'max-lines', 'max-args', 'max-procs', 'max-chars'],
  },
  parallel: { flags: 'kmqtvXu', short: 'ajIN', long: ['jobs', 'arg-file', 'colsep', 'joblog', 'tmpdir'], joins: true },
  sem: { short: 'j', long: ['jobs', 'id'], joins: true },
  flock: {
    flags: 'sxenoFuv',
    short: 'wE',
    long: ['wait', 'timeout', 'conflict-exit-code'],
    skip: 1,
    line: ['-c', '--command'],
  },
  script: { flags: 'aefqckr', short: 'EIOBTmo', line: ['-c', '--command'], skip: 1 },
  unshare: {
    flags: 'muipnUfrcCT',
    short: 'RwSGl',
    long: ['root', 'wd', 'setuid', 'setgid', 'map-user', 'map-group', 'propagation'],
  },
  nsenter: { flags: 'amuipnUCTrwFZ', short: 'tSG', long: ['target', 'setuid', 'setgid'] },
  chroot: { skip: 1 },
  chpst: { flags: 'vVP012', short: 'ueb/nlLmdofcrt' },
  strace: { flags: 'cCdfhikqrtTvVwxyYzZDFn', short: 'aeEIoOPpsSuUX' },
  ltrace: { short: 'aAeFlnopsSuwxX' },
  gdb: { long: ['args'] },
  valgrind: PLAIN,
  perf: { flags: 'agv', skip: 1, short: 'eop' },
  fakeroot: { flags: 'uh', short: 'lfisb' },
  proot: { short: 'rbwkq' },
  bwrap: { long: ['bind', 'ro-bind', 'dev', 'proc', 'tmpfs', 'chdir', 'setenv', 'unsetenv'] },
  firejail: PLAIN,
  'sandbox-exec': { short: 'fnpD' },
  'systemd-run': {
    flags: 'GtqdSPr',
    short: 'pMHuE',
    long: ['property', 'unit', 'setenv', 'uid', 'gid', 'slice', 'machine', 'host'],
  },
  'systemd-inhibit': { long: ['what', 'who', 'why', 'mode'] },
  'dbus-run-session': { long: ['config-file'] },
  caffeinate: { flags: 'disum', short: 'tw' },
  arch: { short: 'e' },
  xcrun: PLAIN,
  'ssh-agent': { short: 'aEtPO' },
  direnv: { skip: 2 },
  'cross-env': { assigns: true },
  dotenv: { flags: 'o', short: 'ev' },
  busybox: PLAIN,
  toybox: PLAIN,
  command: { flags: 'pvV' },
  exec: { flags: 'cl', short: 'a' },
  builtin: PLAIN,
  coproc: PLAIN,
  catchsegv: PLAIN,
  unbuffer: PLAIN,
  expect: { line: ['-c'] },
  entr: { flags: 'acdnprsxz' },
  eval: { joins: true },
  trap: { joins: true },
  watchman: PLAIN,
  npx: { flags: 'yq', short: 'p', long: ['package'], line: ['-c', '--call'] },
  bunx: PLAIN,
  pnpx: PLAIN,
};

const SHELLS = new Set('sh bash dash zsh ksh ksh93 mksh ash rbash fish csh tcsh yash'.split(' '));

/** The name under which a program is known: its last part, in small letters, without what marks a version. */
export function programName(path: string): string {
  return posix
    .basename(path)
    .toLowerCase()
    .replace(/\.exe$/, '');
}

export function isShell(name: string): boolean {
  return SHELLS.has(name);
}

/** Whether a program is there to start another that its arguments name. */
export function isWrapper(name: string): boolean {
  return Object.hasOwn(WRAPPERS, name);
}

const DEEPEST = 8;
const MOST = 2000;
/** Characters of lines that are read, over all levels. */
const MOST_READ = 2_000_000;
/** Places in one call at which a wrapped command, or a line, is looked for. */
const MOST_STARTS = 20;

/** The command itself, and all that it would start as far as its arguments tell: through `env`, `xargs`, `sh -c '…'`, `find -exec` and others. */
export function seenThrough(pieces: readonly Piece[], home: string): Piece[] {
  let left = MOST_READ;
  const read: ReadLine = (line, positional) => {
    left -= line.length;
    return left < 0 ? [] : commandsOfLine(line, home, positional);
  };
  const seen: Piece[] = [];
  let level = [...pieces];
  for (let depth = 0; depth < DEEPEST && level.length > 0 && seen.length < MOST; depth += 1) {
    seen.push(...level);
    level = level.flatMap((piece) => startedBy(piece, read)).slice(0, MOST);
  }
  return [...seen, ...level];
}

function startedBy(piece: Piece, read: ReadLine): Piece[] {
  const [first = '', ...args] = piece.words;
  const name = programName(first);
  if (isShell(name)) return startedByShell(args, piece.input, read);
  if (name === 'find' || name === 'fd') return startedByFind(args);
  if (name === 'command' && /^-[vV]/.test(args[0] ?? '')) return [];
  if (name === 'alias') return args.flatMap((arg) => read(arg.slice(arg.indexOf('=') + 1)));
  if (name === 'git') return startedByGit(args, read);
  const wrapper = Object.hasOwn(WRAPPERS, name) ? WRAPPERS[name] : undefined;
  if (wrapper !== undefined) return startedByWrapper(wrapper, args, read);
  const runs = RUNS[name];
  return runs?.includes(args[0] ?? '') === true ? startedByWrapper(PLAIN, args.slice(1), read) : [];
}

/** Package managers: the words after which a program is named. */
const RUNS: Readonly<Record<string, readonly string[]>> = {
  npm: ['exec', 'x'],
  pnpm: ['exec', 'dlx'],
  yarn: ['exec', 'dlx', 'run'],
  bun: ['x'],
  uv: ['run'],
  poetry: ['run'],
  pipenv: ['run'],
  hatch: ['run'],
  bundle: ['exec'],
  mise: ['exec', 'x'],
  rbenv: ['exec'],
  pyenv: ['exec'],
};

function startedByShell(args: readonly string[], input: string, read: ReadLine): Piece[] {
  const at = args.findIndex((arg) => /^[-+][a-z]*c[a-z]*$/i.test(arg));
  const found: Piece[] = [];
  if (at !== -1) {
    const rest = args.slice(at + 1);
    const code = rest.findIndex((arg) => !/^[-+]/.test(arg));
    if (code !== -1) found.push(...read(rest[code] ?? '', rest.slice(code + 1)));
  }
  if (input !== '') found.push(...read(input));
  return found;
}

function startedByFind(args: readonly string[]): Piece[] {
  const found: Piece[] = [];
  let words: string[] | null = null;
  for (const arg of args) {
    if (/^(-exec|-execdir|-ok|-okdir|-x|-X|--exec|--exec-batch)$/.test(arg)) {
      words = [];
      found.push(pieceOf(words));
    } else if (arg === ';' || arg === '+') words = null;
    else words?.push(arg);
    if (found.length > MOST) break;
  }
  return found.filter((piece) => piece.words.length > 0);
}

function startedByWrapper(wrapper: Wrapper, args: readonly string[], read: ReadLine): Piece[] {
  const starts = startsOf(wrapper, args);
  const found: Piece[] = [];
  // what stands behind the last of them are no options of this one
  const options = args.slice(0, starts.length === 0 ? args.length : Math.max(...starts));
  for (const line of linesOf(wrapper.line ?? [], options, args)) found.push(...read(line));
  for (const start of starts) {
    const rest = args.slice(start);
    if (wrapper.joins === true) found.push(...read(rest.join(' ')));
    else found.push(pieceOf(rest));
  }
  return found;
}

/** The lines that options of a wrapper hold: beside the option, glued to it, behind a `=`. `env -S` adds what follows. */
function linesOf(names: readonly string[], options: readonly string[], args: readonly string[]): string[] {
  const lines: string[] = [];
  for (const [i, arg] of options.entries()) {
    for (const name of names) {
      const isShort = /^-[^-]$/.test(name);
      const glued = isShort && /^-[^-]/.test(arg) ? arg.indexOf(name.charAt(1)) : -1;
      if (glued > 0 && /^-[A-Za-z]+$/.test(arg.slice(0, glued + 1))) {
        const own = arg.slice(glued + 1);
        const from = own === '' ? i + 1 : i;
        const value = own === '' ? (args[from] ?? '') : own;
        lines.push(name === '-S' ? [value, ...args.slice(from + 1)].join(' ') : value);
      } else if (arg === name) lines.push(args[i + 1] ?? '');
      else if (arg.startsWith(`${name}=`)) lines.push(arg.slice(name.length + 1));
    }
    if (lines.length > MOST_STARTS) break;
  }
  return lines;
}

/** Where the wrapped command may begin: behind an option nobody knows, with and without a value of its own. */
function startsOf(wrapper: Wrapper, args: readonly string[]): number[] {
  const starts = new Set<number>();
  let left = wrapper.skip ?? 0;
  let isOver = false;
  for (let i = 0; i < args.length && starts.size < MOST_STARTS; i += 1) {
    const arg = args[i] ?? '';
    if (!isOver && arg === '--') isOver = true;
    else if (!isOver && /^[-+]./.test(arg)) {
      const { value, maybe } = valueBehind(wrapper, arg);
      if (maybe) starts.add(i + (value ? 1 : 2) + left);
      if (value) i += 1;
    } else if (arg === '-' || (wrapper.assigns === true && /^[A-Za-z_]\w*=/.test(arg))) continue;
    else if (left > 0) left -= 1;
    else {
      starts.add(i);
      break;
    }
  }
  return [...starts].filter((start) => start < args.length);
}

/** Whether an option takes the next argument for its value, and whether that may be otherwise. */
function valueBehind(wrapper: Wrapper, option: string): { value: boolean; maybe: boolean } {
  const long = /^--([^=]+)$/.exec(option)?.[1];
  if (long !== undefined) return { value: wrapper.long?.includes(long) === true, maybe: false };
  if (!/^-[A-Za-z]+$/.test(option)) return { value: false, maybe: false };
  const last = option.slice(-1);
  // an earlier letter may have taken the rest of the word
  if (wrapper.short?.includes(last) === true) return { value: true, maybe: option.length > 2 };
  return { value: false, maybe: wrapper.flags?.includes(last) !== true };
}
