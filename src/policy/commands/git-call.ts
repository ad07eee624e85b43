import { type Piece, pieceOf, type ReadLine } from './line-commands.ts';

/** A call of git, with what stands in front of its subcommand taken apart. */
export interface GitCall {
  readonly subcommand: string;
  /** What follows the subcommand. */
  readonly args: readonly string[];
  /** The settings of `-c`, as `key=value`. */
  readonly settings: readonly string[];
  /** Options in front of the subcommand, other than `-c` and `-C`. */
  readonly options: readonly string[];
}

const WITH_VALUE = new Set(
  '--git-dir --work-tree --namespace --super-prefix --config-env --attr-source --list-cmds --exec-path'.split(' '),
);

/** Reads the arguments of git, without the word `git` itself. */
export function readGitCall(args: readonly string[]): GitCall {
  const settings: string[] = [];
  const options: string[] = [];
  for (let i = 0; i < args.length; i += 1) {
    const arg = args[i] ?? '';
    if (arg === '-c' || arg === '-C') {
      i += 1;
      if (arg === '-c') settings.push(args[i] ?? '');
    } else if (WITH_VALUE.has(arg) && arg !== '--exec-path') {
      i += 1;
      options.push(`${arg}=${args[i] ?? ''}`);
    } else if (arg.startsWith('-')) options.push(arg);
    else return { subcommand: arg.toLowerCase(), args: args.slice(i + 1), settings, options };
  }
  return { subcommand: '', args: [], settings, options };
}

/** Settings whose value is a line for a shell; an alias is one only behind a `!`. */
const RUNS_A_LINE = new RegExp(
  `^(${[
    String.raw`core\.(pager|editor|sshcommand|fsmonitor|askpass|gitproxy|alternaterefscommand)`,
    String.raw`sequence\.editor|diff\.external|pager\..*|credential\.(.*\.)?helper|gpg\.(.*\.)?program`,
    String.raw`.*\.(textconv|clean|smudge|process|driver|cmd|command|uploadpack|receivepack|path)`,
    String.raw`uploadpack\.packobjectshook|interactive\.difffilter`,
  ].join('|')})$`,
  'i',
);

/** Options of subcommands whose value is a line for a shell. */
const LINE_OPTION =
  /^(--(?:exec|extcmd|upload-pack|receive-pack|sendmail-cmd|(?:[a-z-]+-)?filter|open-files-in-pager)|-x)(?:=|$)/;

/** Whether a setting of git makes it run a program. */
export function isRunningSetting(key: string): boolean {
  return RUNS_A_LINE.test(key) || /^alias\./i.test(key);
}

/** The commands that a call of git starts as far as its arguments tell. */
export function startedByGit(args: readonly string[], read: ReadLine): Piece[] {
  const call = readGitCall(args);
  const found: Piece[] = [];
  const line = (text: string) => found.push(...read(text.replace(/^!/, '')));
  for (const setting of call.settings) {
    const [, key = '', text = ''] = /^([^=]+)=([\s\S]*)$/.exec(setting) ?? [];
    if (RUNS_A_LINE.test(key) || (/^alias\./i.test(key) && text.startsWith('!'))) line(text);
    else if (key.toLowerCase() === `alias.${call.subcommand}`)
      found.push(pieceOf(['git', ...text.split(/\s+/), ...call.args]));
  }
  call.args.forEach((arg, i) => {
    if (!LINE_OPTION.test(arg)) return;
    line(arg.includes('=') ? arg.slice(arg.indexOf('=') + 1) : (call.args[i + 1] ?? ''));
  });
  const [first = ''] = call.args;
  if (call.subcommand === 'bisect' && first === 'run') found.push(pieceOf(call.args.slice(1)));
  if (call.subcommand === 'submodule' && call.args.includes('foreach'))
    line(call.args.slice(call.args.indexOf('foreach') + 1).join(' '));
  if (call.subcommand === 'config') for (const arg of call.args) if (arg.startsWith('!')) line(arg);
  return found;
}

/** Long options of a push that take back or remove what is on the other side; git takes their beginnings as well. */
const REWRITING = ['force', 'force-with-lease', 'force-if-includes', 'mirror', 'delete', 'prune'];
const PUSH_VALUES = new Set(['-o', '--push-option', '--receive-pack', '--exec', '--repo']);

/** Why a call of git rewrites the history of another repository, or null. */
export function whyRewrites(args: readonly string[]): string | null {
  const call = readGitCall(args);
  const isPush = ['push', 'send-pack', 'http-push'].includes(call.subcommand);
  if (!isPush) return null;
  if (call.settings.some((setting) => /^remote\..*\.(push=[+:]|mirror(=|$))/i.test(setting)))
    return 'pushes with a setting that rewrites history';
  let isOver = false;
  for (let i = 0; i < call.args.length; i += 1) {
    const arg = call.args[i] ?? '';
    if (!isOver && PUSH_VALUES.has(arg)) i += 1;
    else if (!isOver && arg === '--') isOver = true;
    else if (!isOver && arg.startsWith('--')) {
      const name = arg.slice(2).split('=')[0] ?? '';
      if (name.length > 1 && REWRITING.some((option) => option.startsWith(name)))
        return `pushes with ${arg}, which rewrites or removes what is on the other side`;
    } else if (!isOver && /^-[a-zA-Z0-9]/.test(arg)) {
      if (/[fd]/.test(arg.split('o')[0] ?? ''))
        return `pushes with ${arg}, which rewrites or removes what is on the other side`;
    } else if (/^\+|^:./.test(arg)) return `pushes ${arg}, which rewrites or removes what is on the other side`;
  }
  return null;
}

/** Whether a call of git changes from where it takes hooks. Asking where that is changes nothing. */
export function changesHooks(args: readonly string[]): boolean {
  const call = readGitCall(args);
  if (call.subcommand !== 'config') return false;
  const at = call.args.findIndex((arg) => arg.toLowerCase() === 'core.hookspath');
  if (at === -1)
    return call.args.some(
      (arg) => /^(--(remove|rename)-section|(remove|rename)-section)$/.test(arg) && call.args.includes('core'),
    );
  const before = call.args.slice(0, at);
  if (before.some((arg) => arg.startsWith('--get') || arg === 'get')) return false;
  const isUnset = before.some((arg) => /^(--unset|unset|--replace|--add|set)/.test(arg));
  return isUnset || call.args.slice(at + 1).length > 0;
}
