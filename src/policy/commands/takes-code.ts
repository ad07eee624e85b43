import { isRunningSetting, readGitCall } from './git-call.ts';
import { isShell, isWrapper, programName } from './wrappers.ts';

/** Which calls carry code, or another command, in their arguments. */

type Rule = (args: readonly string[]) => boolean;

const always: Rule = () => true;

/** Any argument that fits. Also behind a script's name: options that take a value make it impossible to say where that stands. */
const any =
  (pattern: RegExp): Rule =>
  (args) =>
    args.some((arg) => pattern.test(arg));

/** Long options, also cut short as many programs take them. */
const longOption =
  (...names: string[]): Rule =>
  (args) =>
    args.some((arg) => {
      const given = /^--?([a-z][\w-]*)/i.exec(arg)?.[1] ?? '';
      return given.length > 1 && names.some((name) => name.startsWith(given));
    });

const first =
  (...words: string[]): Rule =>
  (args) =>
    words.includes(args.find((arg) => !arg.startsWith('-')) ?? '');

const either =
  (...rules: Rule[]): Rule =>
  (args) =>
    rules.some((rule) => rule(args));

const URL = /^-{0,2}[\w-]*=?(https?|data|npm|jsr|file):/i;

/** Arguments in front of `--`: what stands behind it goes to a script. */
const inFront =
  (rule: Rule): Rule =>
  (args) =>
    rule(args.includes('--') ? args.slice(0, args.indexOf('--')) : args);

const node = either(any(/^(-[a-z]*[ep][a-z]*|-|-i|--(eval|print|interactive).*)$/), any(URL));

const packages = inFront(
  either(
    first('exec', 'x', 'dlx', 'create', 'init', 'explore', 'config', 'set', 'edit'),
    longOption(
      ...['script-shell', 'prefix', 'node-options', 'userconfig', 'globalconfig', 'shell', 'call', 'git', 'editor'],
      ...['viewer', 'browser', 'node-gyp', 'init-module', 'dir', 'cwd', 'use-yarnrc', 'location', 'shell-emulator'],
    ),
    any(/^-(c|C|-call)/),
  ),
);

const tar: Rule = (args) =>
  any(/^-[^-]*[IF]/)(args) ||
  /^[^-]*[IF]/.test(args[0] ?? '') ||
  longOption(
    ...['to-command', 'checkpoint-action', 'use-compress-program', 'rsh-command', 'info-script', 'new-volume-script'],
    'rmt-command',
  )(args);

/** Programs of sed that only print, delete or replace. All others may write files or run commands. */
const PLAIN_SED = /^(\d+|\$)?(,(\d+|\$))?[pdqQ=]$|^s([/|,#:@])(?:(?!\4).)*\4(?:(?!\4).)*\4[gpiI0-9]*$/;
const sed: Rule = (args) => {
  if (args.includes('--sandbox')) return false;
  const scripts = args.filter((_, i) => /^(-[a-zA-Z]*e|--expression)$/.test(args[i - 1] ?? ''));
  const glued = args.flatMap((arg) => /^(?:-[a-zA-Z]*e|--expression=)([\s\S]+)$/.exec(arg)?.[1] ?? []);
  const plain = args.find((arg) => !arg.startsWith('-'));
  const all = [...scripts, ...glued];
  if (all.length === 0 && plain !== undefined && !any(/^(-[a-zA-Z]*f|--file)/)(args)) all.push(plain);
  return all.some((script) => script.includes('\n') || !PLAIN_SED.test(script));
};

const awk: Rule = (args) => !any(/^(-f|--file|-E|--exec)/)(args) || any(/^(-e|-i|-l|--(source|include|load))/)(args);

/** Options of git's subcommands that name a program to run. */
const GIT_OPTION =
  /^(--(upload-pack|receive-pack|exec|extcmd|ext-diff|textconv|open-files-in-pager|sendmail-cmd|template|config|config-env)\b|--.*-filter\b|-[xO])/;

const git: Rule = (args) => {
  const call = readGitCall(args);
  if (call.settings.length > 0) return true;
  if (call.options.some((option) => /^--(exec-path|config-env|git-dir|work-tree)=/.test(option))) return true;
  if (['config', 'filter-branch', 'for-each-repo', 'hook', 'difftool', 'mergetool', ''].includes(call.subcommand))
    return call.subcommand !== '' || call.options.some((option) => /paginate|^-p$/.test(option));
  if (call.subcommand === 'bisect' && call.args[0] === 'run') return true;
  if (call.subcommand === 'submodule' && call.args.includes('foreach')) return true;
  if (call.subcommand === 'clean') return false;
  if (['clone', 'init'].includes(call.subcommand) && any(/^(-c|-u|--c|--temp|--upl)/)(call.args)) return true;
  return call.args.some(
    (arg) =>
      GIT_OPTION.test(arg) ||
      /(^|=)ext::/.test(arg) ||
      isRunningSetting(arg.split('=')[0] ?? '') ||
      /^--(uploa|receive-p|exe|ext|open-|sendmail-)/.test(arg),
  );
};

/** Also where it takes its orders from: another makefile is other code. */
const make: Rule = any(/^[\w.]+\s*[:+?]{0,2}=|^-[a-zA-Z]*[EfCIW]|^--(ev|f|m|d|inc)|^-$/);
const goOption = /^--?(exec|toolexec|overlay|vettool|ldflags|gcflags|asmflags|gccgoflags|modfile|run)\b/;

const RULES: readonly (readonly [RegExp, Rule])[] = [
  [/^(node|nodejs|tsx|ts-node|bun|qjs)$/, node],
  [/^bun$/, packages],
  [/^deno$/, either(first('eval', 'repl', 'task', 'x'), any(URL), (args) => args.includes('-'))],
  [/^(python|pypy)[\d.]*$/, either(any(/^-[^-]*c/), any(/^-$/), any(/^-?m?(timeit|pdb|trace|code)$/))],
  [/^perl[\d.]*$/, any(/^-([^-]*[eEMmnpid]|$)/)],
  [/^ruby[\d.]*$/, any(/^-([^-]*[ern]|$)/)],
  [/^php[\d.]*$/, any(/^-([^-]*[rRBEdz]|$|-(run|process-|define))/)],
  [/^(lua|luajit)[\d.]*$/, any(/^-([^-]*[eli]|$)/)],
  [/^(guile|sbcl|julia|elixir|groovy|scala|rscript|racket|ghc|clojure|tclsh|jshell|iex|erl)$/, any(/^-/)],
  [/^(awk|gawk|mawk|nawk)$/, awk],
  [/^g?sed$/, sed],
  [/^find$/, any(/^-(exec|execdir|ok|okdir|delete|fprint0?|fprintf|fls|files0-from)$/)],
  [/^fdfind$|^fd$/, any(/^(-[a-zA-Z]*[xX]|--exec)/)],
  [/^(tar|gtar|bsdtar)$/, tar],
  [/^cpio$/, longOption('rsh-command', 'to-stdout')],
  [/^(zip|zipcloak)$/, either(any(/^-[a-zA-Z]*T/), longOption('unzip-command', 'test'))],
  [/^rsync$/, either(any(/^-[a-zA-Z]*e/), longOption('rsh', 'rsync-path'))],
  [/^(scp|sftp)$/, any(/^-[oSFD]/)],
  [/^(curl)$/, any(/^(-[a-zA-Z]*K|--config)/)],
  [/^wget2?$/, either(any(/^-e/), longOption('execute', 'use-askpass', 'config'))],
  [/^git$/, git],
  [/^(npm|pnpm|yarn|yarnpkg)$/, packages],
  [/^g?make$/, make],
  [/^just$/, either(any(/^(--shell|--set|--command|-c|-f|-d|--justfile|--choose|--chooser|--edit)/), any(/^\w+=/))],
  [/^cargo$/, inFront(either(any(/^(--config|-Z|\+)/), longOption('config')))],
  [/^go$/, inFront(either(any(goOption), any(/@/)))],
  [/^(cc|gcc|g\+\+|clang|clang\+\+|c\+\+)$/, any(/^(-wrapper|-fplugin|-B|@|-specs|--specs|-Xclang|-load)/)],
  [/^cmake$/, any(/^-(P|E|D|C)/)],
  [/^py\.?test(-3)?$/, any(/^(-p|-c|-o|--override-ini|--rootdir|--confcutdir|--pdbcls|--import-mode)/)],
  [/^gradlew?$/, any(/^(-I|--init-script|-b|--build-file|-c|--settings-file|-D|-P|--include-build)/)],
  [/^(mvnw?|mvnd)$/, any(/^(-D|-f|--file|-s|--settings|exec:|[\w.-]+:[\w.-]+:)/)],
  [
    /^(docker|podman|nerdctl|docker-compose|kubectl|lxc)$/,
    first('run', 'exec', 'create', 'compose', 'debug', 'attach'),
  ],
  [/^(vi|vim|view|nvim|gvim|ex|ed|emacs|nano|less|more|most|man)$/, any(/^([-+].+|!.*)$/)],
  [/^sort$/, longOption('compress-program')],
  [/^split$/, longOption('filter')],
  [
    /^(sqlite3|psql|mysql|mariadb)$/,
    either(any(/^(\.|-cmd|-init|-c|-e|--command|--execute|-f|-v)/), any(/\\!|\.shell|\.system/)),
  ],
  [/^(apt|apt-get|dpkg|aptitude)$/, any(/^(-o|-c|--option|--config-file|--pre-invoke|--status-logger)/)],
  [
    /^(pip3?|pipx|uv|poetry|pipenv|pdm|hatch|bundle|mise|rbenv|pyenv|nix|conda)$/,
    first('run', 'exec', 'x', 'tool', 'develop', 'shell'),
  ],
  [/^(systemctl|crontab|at|batch)$/, always],
  [/^nmap$/, longOption('script')],
  [/^tcpdump$/, any(/^-z/)],
  [/^(openssl|ssh-keygen|ssh-add)$/, any(/^-(engine|provider|D|s$)/)],
];

/** Programs that do nothing else. */
const ALWAYS = new Set(
  `sudo su doas pkexec run0 runuser sudoedit setpriv ssh slogin rsh osascript expect gdb lldb screen tmux dtach nix-shell
   launchctl open xdg-open concurrently nodemon uvx pnpx bunx npx source eval . ld.so socat nc ncat`.split(/\s+/),
);

/**
 * Whether the arguments of a call are code, or name another command to run: then a rule that matches the first words of a call says
 * nothing about the rest, and must not cover it. True in doubt.
 */
export function takesCode(argv: readonly string[]): boolean {
  const [program = '', ...args] = argv;
  const name = programName(program);
  if (ALWAYS.has(name) || isWrapper(name) || /^ld-linux|^ld\.so|^ld-musl/.test(name)) return true;
  if (isShell(name) || name === 'pwsh') return args.some((arg) => /^[-+]/.test(arg));
  return RULES.some(([names, rule]) => names.test(name) && rule(args));
}
