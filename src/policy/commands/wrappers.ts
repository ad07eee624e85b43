import { posix } from 'node:path';
import { startedByGit } from './git-call.ts';
import { commandsOfLine, type Piece, pieceOf } from './line-commands.ts';

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
  time: { flags: 'apqvV', short: 'fo', long: ['format', 'output'] },
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

/** The command itself, and all that it would start as far as its arguments tell: through `env`, `xargs`, `sh -c '…'`, `find -exec` and others. */
export function seenThrough(pieces: readonly Piece[], home: string): Piece[] {
  const seen: Piece[] = [];
  let level = [...pieces];
  for (let depth = 0; depth < DEEPEST && level.length > 0 && seen.length < MOST; depth += 1) {
    seen.push(...level);
    level = level.flatMap((piece) => startedBy(piece, home)).slice(0, MOST);
  }
  return [...seen, ...level];
}

function startedBy(piece: Piece, home: string): Piece[] {
  const [first = '', ...args] = piece.words;
  const name = programName(first);
  if (isShell(name)) return startedByShell(args, piece.input, home);
  if (name === 'find' || name === 'fd') return startedByFind(args);
  if (name === 'command' && /^-[vV]/.test(args[0] ?? '')) return [];
  if (name === 'alias') return args.flatMap((arg) => commandsOfLine(arg.slice(arg.indexOf('=') + 1), home));
  if (name === 'git') return startedByGit(args, home);
  const wrapper = Object.hasOwn(WRAPPERS, name) ? WRAPPERS[name] : undefined;
  if (wrapper !== undefined) return startedByWrapper(wrapper, args, home);
  const runs = RUNS[name];
  return runs?.includes(args[0] ?? '') === true ? startedByWrapper(PLAIN, args.slice(1), home) : [];
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

function startedByShell(args: readonly string[], input: string, home: string): Piece[] {
  const at = args.findIndex((arg) => /^[-+][a-z]*c[a-z]*$/i.test(arg));
  const found: Piece[] = [];
  if (at !== -1) {
    const rest = args.slice(at + 1);
    const code = rest.findIndex((arg) => !/^[-+]/.test(arg));
    if (code !== -1) found.push(...commandsOfLine(rest[code] ?? '', home, rest.slice(code + 1)));
  }
  if (input !== '') found.push(...commandsOfLine(input, home));
  return found;
}

function startedByFind(args: readonly string[]): Piece[] {
  return args.flatMap((arg, i) => {
    if (!/^(-exec|-execdir|-ok|-okdir|-x|-X|--exec|--exec-batch)$/.test(arg)) return [];
    const rest = args.slice(i + 1);
    const end = rest.findIndex((part) => part === ';' || part === '+');
    return [pieceOf(end === -1 ? rest : rest.slice(0, end))];
  });
}

function startedByWrapper(wrapper: Wrapper, args: readonly string[], home: string): Piece[] {
  const found: Piece[] = [];
  args.forEach((arg, i) => {
    for (const option of wrapper.line ?? []) {
      const short = option.length === 2 ? option.charAt(1) : null;
      const cluster = short !== null && new RegExp(`^-[a-zA-Z]*${short}([\\s\\S]*)$`).exec(arg);
      if (arg === option || (cluster && cluster[1] === '')) {
        found.push(
          ...commandsOfLine([args[i + 1] ?? '', ...(option === '-S' ? args.slice(i + 2) : [])].join(' '), home),
        );
      } else if (cluster) found.push(...commandsOfLine([cluster[1] ?? '', ...args.slice(i + 1)].join(' '), home));
      else if (arg.startsWith(`${option}=`)) found.push(...commandsOfLine(arg.slice(option.length + 1), home));
    }
  });
  for (const start of startsOf(wrapper, args)) {
    const rest = args.slice(start);
    if (rest.length === 0) continue;
    if (wrapper.joins === true) found.push(...commandsOfLine(rest.join(' '), home));
    else found.push(pieceOf(rest));
  }
  return found;
}

/** Where the wrapped command may begin: behind an option nobody knows, with and without a value of its own. */
function startsOf(wrapper: Wrapper, args: readonly string[]): number[] {
  const starts = new Set<number>();
  let left = wrapper.skip ?? 0;
  for (let i = 0; i < args.length; i += 1) {
    const arg = args[i] ?? '';
    if (arg === '--') {
      starts.add(i + 1 + left);
      break;
    }
    if (/^[-+]./.test(arg)) {
      const long = /^--([^=]+)$/.exec(arg)?.[1];
      const last = /^-[^-]*(.)$/.exec(arg)?.[1] ?? '';
      if (long !== undefined) {
        if (wrapper.long?.includes(long) === true) i += 1;
      } else if (/^-[A-Za-z]+$/.test(arg)) {
        // a value of its own follows, unless an earlier letter took the rest of the word for one
        if (wrapper.short?.includes(last) === true) {
          if (arg.length > 2) starts.add(i + 1 + left);
          i += 1;
        } else if (wrapper.flags?.includes(last) !== true) starts.add(i + 2 + left);
      }
      continue;
    }
    if (wrapper.assigns === true && /^[A-Za-z_]\w*=/.test(arg)) continue;
    if (arg === '-') continue;
    if (left > 0) {
      left -= 1;
      continue;
    }
    starts.add(i);
    break;
  }
  return [...starts].filter((start) => start < args.length);
}
