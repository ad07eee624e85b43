import { join, resolve } from 'node:path';
import { agentSettings, isAgentSetting } from '../../station/agents-folder.ts';
import { isCredentialPath, isGlobOf } from '../credentials.ts';
import { changesHooks, readGitCall, whyRewrites } from './git-call.ts';
import { commandsOfLine, type Piece, pieceOf } from './line-commands.ts';
import { basesOf, holdsCode, NamedPaths } from './named-paths.ts';
import { findProgram } from './program.ts';
import type { CommandPlace, Recognised } from './recognise.ts';
import { takesCode } from './takes-code.ts';
import { isShell, isWrapper, programName, seenThrough } from './wrappers.ts';

/** Where a command is to run, and what lies there that no order may touch. */
export interface GuardedPlace extends CommandPlace {
  /** The home folder of the user that the station runs as, absolute. */
  readonly home: string;
  /** The repository's git folder (the common one), absolute. */
  readonly gitDir: string;
  /** What core.hooksPath names, absolute or relative to the root; null where it is not set. */
  readonly hooksPath: string | null;
}

/** Programs that give rights which the station's user does not have. */
const PRIVILEGE = new Set(
  `sudo sudo-rs sudoedit visudo su su-rs doas pkexec run0 runuser setpriv chroot gosu su-exec please dzdo pfexec gksu
   gksudo kdesu kdesudo beesu calife super`.split(/\s+/),
);

/** Programs that only read the files they name: these may name what none may write. */
const READERS = new Set(
  `cat head tail wc grep egrep fgrep rg ls stat file cmp diff cksum md5sum sha1sum sha256sum sha512sum shasum b2sum nl od
   test [ echo printf pwd basename dirname realpath readlink yamllint waybill true false : which type`.split(/\s+/),
);
const GIT_READERS = new Set(
  'diff log show status blame ls-files ls-tree grep cat-file rev-parse rev-list check-ignore'.split(' '),
);

/** Programs for which a glob counts as naming all that it could match. */
const SWEEPING = new Set('rm rmdir mv shred unlink trash truncate sed tee dd chmod chown ln'.split(' '));
/** Programs that take away a folder with all that is in it. */
const REMOVING = new Set('rm trash'.split(' '));
const COPYING = new Set('cp mv ln install rsync scp ditto'.split(' '));

/**
 * Why a command may never run, whatever rules say; null where only rules decide. It looks through programs that start others and into
 * lines that are not simple, as far as they can be told. What it misses is no permission: such calls are still asked about.
 */
export function whyNever(recognised: Recognised, place: GuardedPlace): string | null {
  const { home } = place;
  const given = recognised.kind === 'program' ? [pieceOf(recognised.argv)] : commandsOfLine(recognised.line, home);
  const pieces = seenThrough(given, home);
  const program = recognised.kind === 'program' ? recognised.program : null;
  if (program !== null && PRIVILEGE.has(programName(program))) return privilegeOf(programName(program));
  const words = pieces.flatMap((piece) => [...piece.words, ...(isCd(piece) ? [home] : [])]);
  const paths = new NamedPaths(basesOf(words, place.cwd, home), home);
  const credentials = new Credentials(paths, home);
  const guarded = guardedPaths(place);
  for (const piece of pieces) {
    const why =
      whyPrivileged(piece, place) ??
      whyGit(piece) ??
      whyDecides(piece) ??
      credentials.whyNamed(piece) ??
      whyWritesGuarded(piece, paths, place, guarded);
    if (why !== null) return why;
  }
  return null;
}

function isCd(piece: Piece): boolean {
  return /^(cd|pushd)$/.test(piece.words[0] ?? '') && piece.words.length === 1;
}

function privilegeOf(name: string): string {
  return `${name} gives rights beyond those of the station`;
}

function whyPrivileged({ words }: Piece, place: CommandPlace): string | null {
  const [first = '', ...args] = words;
  const found = first === '' ? null : findProgram(first, place.cwd, place.path);
  const names = [programName(first), ...(found === null ? [] : [programName(found)])];
  for (const name of names) {
    if (PRIVILEGE.has(name)) return privilegeOf(name);
    for (const known of PRIVILEGE) if (isGlobOf(name, known) && /[a-z]/.test(name)) return privilegeOf(known);
    if (name === 'nsenter' && /(^| )(-[a-zA-Z]*t ?1|--target[= ]1)( |$)/.test(args.join(' ')))
      return 'nsenter into the first process gives rights beyond those of the station';
    if (name === 'osascript' && /administrator\s+privileges/i.test(args.join(' '))) return privilegeOf(name);
    if (name === 'systemd-run' && args.some((arg) => /^--uid\b|(^|=)User=/.test(arg))) return privilegeOf(name);
    if (/^(docker|podman|nerdctl)$/.test(name) && args.some(opensHost))
      return `${name} opens the whole machine to a container`;
  }
  return null;
}

function opensHost(arg: string): boolean {
  return /^--privileged(=true)?$|^(-v|--volume=)?\/:\/|^(--pid|--userns)=host$|(source|src)=\/(,|$)|docker\.sock/.test(
    arg,
  );
}

/** The arguments of git in a piece, also where a subcommand is started by its own program; null for another program. */
function gitArguments({ words }: Piece): readonly string[] | null {
  const name = programName(words[0] ?? '');
  if (name === 'git') return words.slice(1);
  return name.startsWith('git-') ? [name.slice('git-'.length), ...words.slice(1)] : null;
}

function whyGit(piece: Piece): string | null {
  const args = gitArguments(piece);
  if (args === null) return null;
  if (changesHooks(args)) return 'changes from where git takes its hooks';
  return whyRewrites(args);
}

const OWN_PROGRAM = /(^|\/)waybill(\.[cm]?js)?$|(^|\/)cli\/main\.[jt]s$|^waybill@/;
const DECIDING = /^(approve|deny|trust)$/;

/** Deciding for a person: with the command line of our own, or by a signature in its name. */
function whyDecides({ words }: Piece): string | null {
  const at = words.findIndex((word) => OWN_PROGRAM.test(word.toLowerCase()));
  if (at !== -1) {
    const after = words.slice(at + 1).filter((word, i, all) => !word.startsWith('-') && all[i - 1] !== '--station');
    const [group = '', verb = ''] = after;
    if (DECIDING.test(group) || (/^(approvals?|policy)$/.test(group) && DECIDING.test(verb)))
      return 'decides for a person what an order may do';
  }
  const isCode = takesCode(words) && !isShell(programName(words[0] ?? ''));
  if (isCode && words.some((word) => /\bwaybill\b[\s"',[\]]+(policy[\s"',]+)?(approve|deny|trust)\b/.test(word)))
    return 'decides for a person what an order may do';
  if (
    programName(words[0] ?? '') === 'ssh-keygen' &&
    /(^| )-Y ?sign\b/.test(words.join(' ')) &&
    words.some((word) => /waybill/i.test(word))
  )
    return 'signs a decision for a person';
  return null;
}

/** Looks for credentials in words, each once: what wraps others names all that they name. */
class Credentials {
  readonly #paths: NamedPaths;
  readonly #home: string;
  readonly #clean = new Set<string>();

  constructor(paths: NamedPaths, home: string) {
    this.#paths = paths;
    this.#home = home;
  }

  whyNamed(piece: Piece): string | null {
    const isCode = holdsCode(piece.words);
    const named: string[] = [];
    const [program = '', ...args] = piece.words;
    for (const word of [...args, ...piece.names, ...piece.writes, ...(program.includes('/') ? [program] : [])]) {
      const key = `${isCode} ${word}`;
      if (this.#clean.has(key)) continue;
      const found = this.#paths.of(word, isCode).filter((path) => isCredentialPath(path, this.#home));
      if (found.length === 0) this.#clean.add(key);
      named.push(...found);
    }
    // other words count from the folder that is named as well: the shortest path is what was meant
    const [path] = named.sort((a, b) => a.length - b.length);
    return path === undefined ? null : `names ${path}, where credentials are kept`;
  }
}

const AGENTS = 'the settings of agents, by which missions are done';

interface Guarded {
  /** In small letters: some file systems do not tell. */
  readonly path: string;
  readonly what: string;
}

function guardedPaths({ root, gitDir, hooksPath }: GuardedPlace): Guarded[] {
  const folders = [...new Set([gitDir, join(root, '.git')])];
  const guarded = [
    ...['policy.yaml', 'waybill.yaml'].map((name) => ({
      path: join(root, name),
      what: `${name}, by which orders are judged`,
    })),
    ...agentSettings(root).map((path) => ({ path: join(root, path), what: AGENTS })),
    ...folders.flatMap((folder) => [
      { path: join(folder, 'hooks'), what: 'the hooks of git' },
      { path: join(folder, 'config'), what: 'the settings of git' },
      { path: join(folder, 'info/attributes'), what: 'the attributes of git' },
      { path: join(folder, 'waybill'), what: "the station's own records" },
    ]),
    ...(hooksPath === null ? [] : [{ path: resolve(root, hooksPath), what: 'the hooks of git' }]),
  ];
  return guarded.map(({ path, what }) => ({ path: path.toLowerCase(), what }));
}

/** Naming such a path is enough, because nobody can tell what a program does with it; only known readers are let off. */
function whyWritesGuarded(
  piece: Piece,
  paths: NamedPaths,
  { root, home }: GuardedPlace,
  guarded: readonly Guarded[],
): string | null {
  const [first = '', ...args] = piece.words;
  const name = programName(first);
  const isCode = holdsCode(piece.words);
  const named = (word: string) => {
    const parts = paths.of(word, isCode).map((path) => path.toLowerCase());
    const wholes = SWEEPING.has(name) ? paths.of(word, false).map((path) => path.toLowerCase()) : [];
    const one = guarded.find(
      ({ path: kept }) =>
        parts.some((path) => path === kept || path.startsWith(`${kept}/`)) ||
        wholes.some((path) => mayMatch(path, kept) || (takesAway(name, path) && kept.startsWith(`${path}/`))),
    );
    if (one !== undefined) return one;
    // also one that is not there yet
    const below = `${root.toLowerCase()}/`;
    const ofAgents = parts.find((path) => path.startsWith(below) && isAgentSetting(path.slice(below.length)));
    return ofAgents === undefined ? undefined : { path: ofAgents, what: AGENTS };
  };
  for (const word of piece.writes) {
    const one = named(word);
    if (one !== undefined) return `writes into ${one.what}`;
  }
  // what it starts is looked at by itself
  const passesOn = (isWrapper(name) || isShell(name)) && seenThrough([piece], home).length > 1;
  if (passesOn) return null;
  const isReader = READERS.has(name) || (name === 'git' && GIT_READERS.has(readGitCall(args).subcommand));
  for (const [i, word] of args.entries()) {
    if (isReader && !word.startsWith('-') && !/^(-o|--output)$/.test(args[i - 1] ?? '')) continue;
    const one = named(word);
    if (one !== undefined) return `names ${one.what}, as something that may be written`;
    const isCopied = COPYING.has(name) && /(^|\/)(policy|waybill)\.yaml\/?$/i.test(word);
    if (isCopied) return 'copies a file of the name by which orders are judged';
  }
  return null;
}

function takesAway(name: string, path: string): boolean {
  // where something is moved to stays where it is: only a repository's own folder counts there
  return REMOVING.has(name) || (name === 'mv' && path.endsWith('/.git'));
}

/** Whether a path, some parts of which may be globs, can be the kept one or lie around it. */
function mayMatch(path: string, kept: string): boolean {
  const parts = path.split('/');
  const known = kept.split('/');
  return (
    parts.some((part) => /[*?[]/.test(part)) &&
    parts.length <= known.length &&
    parts.every((part, i) => part === known[i] || isGlobOf(part, known[i] ?? ''))
  );
}
