/** The hooks that `waybill hooks install` puts into a repository. */
export const HOOKS = ['reference-transaction', 'post-checkout', 'post-merge', 'post-rewrite'] as const;
export type HookName = (typeof HOOKS)[number];

/** By this line a script of ours is known. */
export const MARK = '# waybill: who moved what';
/** What was there before stands beside it under this ending, and is called. */
export const KEPT = '.before-waybill';
/** With more than this the log is turned to hooks.1.jsonl, by one call in 64. */
const MOST_LOG_BYTES = 32 * 1024 * 1024;
/** Of one transaction so many refs are written down: a fetch of thousands has its reflogs. */
const MOST_REFS = 200;

/**
 * The text of one hook: POSIX sh. A git command must never fail or wait because of it: whatever goes wrong in it goes unheard, and only the hook
 * that was there before decides about the exit code. It starts `date`, and `tr` (or `ps`) for the command that git was called with; for a
 * transaction that is not committed it starts nothing. `common` is the git common dir, or null where the hooks stand in it.
 */
export function hookScript(name: HookName, common: string | null): string {
  const folder = common === null ? `"\${0%/*}/.."` : `'${common.replaceAll("'", "'\\''")}'`;
  const hasInput = name === 'reference-transaction' || name === 'post-rewrite';
  return `#!/bin/sh
${MARK} (\`waybill hooks uninstall\` takes this out)
before=$0${KEPT}
common=${folder}
${WORDS}
${name === 'reference-transaction' ? NOT_COMMITTED : ''}${hasInput ? withInput(name) : withoutInput(name)}`;
}

/** `quoted` sets q to its argument as it stands in JSON; `begin` sets `head` and `log`, and fails where nothing is to be written. */
const WORDS = `
quoted() {
  case $1 in
    *[!A-Za-z0-9\\ ._/@:=,+%^~{}-]*) ;;
    *) q=$1; return ;;
  esac
  q=
  rest=$1
  while [ -n "$rest" ]; do
    c=\${rest%"\${rest#?}"}
    rest=\${rest#?}
    case $c in
      '"' | '\\') q="$q\\\\$c" ;;
      [[:cntrl:]]) q="$q?" ;;
      *) q="$q$c" ;;
    esac
  done
}

begin() {
  log=$common/waybill/hooks.jsonl
  [ -z "$WAYBILL_GIT" ] && [ -d "$common/waybill" ] || return 1
  # both at once, in whatever order they come: starting a program is what takes the time
  if [ -r "/proc/$PPID/cmdline" ]; then both=$(date -u "+%n=at=%Y-%m-%dT%H:%M:%SZ" & tr '\\000' ' ' <"/proc/$PPID/cmdline")
  else both=$(date -u "+%n=at=%Y-%m-%dT%H:%M:%SZ" & ps -o args= -p "$PPID")
  fi
  now=\${both#*=at=}
  now=\${now%%
*}
  case $both in
    *"
=at=$now
"*) by=\${both#*"=at=$now
"} ;;
    *) by=\${both%"
=at=$now"} ;;
  esac
  by=\${by% }
  [ \${#by} -le 400 ] || by=$(printf %.400s "$by")
  # an address with a password in it
  case $by in *://*@*) by="\${by%%://*}://..." ;; esac
  user=\${USER:-$LOGNAME}
  if [ -z "$user" ] && [ -r "/proc/$$/status" ]; then
    while read -r key user rest && [ "$key" != Uid: ]; do :; done <"/proc/$$/status"
  fi
  quoted "$user"
  user=$q
  quoted "$GIT_REFLOG_ACTION"
  action=$q
  quoted "$by"
  head="{\\"v\\":1,\\"ts\\":\\"$now\\",\\"user\\":\\"$user\\",\\"pid\\":$PPID,\\"by\\":\\"$q\\",\\"action\\":\\"$action\\""
  if [ $(($$ % 64)) -eq 0 ] && [ "$(wc -c <"$log")" -gt ${MOST_LOG_BYTES} ]; then mv -f "$log" "$common/waybill/hooks.1.jsonl"; fi
  return 0
}
`;

const NOT_COMMITTED = `if [ "$1" != committed ]; then
  [ -x "$before" ] || exit 0
  exec "$before" "$@"
fi
`;

/** post-checkout OLD NEW FLAG, post-merge SQUASH. */
function withoutInput(name: HookName): string {
  const tail = name === 'post-checkout' ? '"old":"%s","new":"%s","flag":"%s"}' : '"flag":"%s"}';
  return `{
  begin && printf '%s,"hook":"${name}",${tail}\\n' "$head" "$@" >>"$log"
} </dev/null >/dev/null 2>&1
[ -x "$before" ] || exit 0
exec "$before" "$@"
`;
}

/** Who was there before gets the same lines. Without one, no more are read than are written down: git does not mind. */
function withInput(name: HookName): string {
  return `text=
if [ -x "$before" ]; then text=$(cat)
else
  n=0
  while [ "$n" -lt ${MOST_REFS} ] && IFS= read -r line; do
    n=$((n + 1))
    text="$text\${text:+
}$line"
  done
fi
{
  n=0
  begin && while [ "$n" -lt ${MOST_REFS} ] && read -r old new ref; do
    n=$((n + 1))
    case $ref in refs/waybill/* | ORIG_HEAD | FETCH_HEAD | MERGE_HEAD | CHERRY_PICK_HEAD | REVERT_HEAD | REBASE_HEAD | AUTO_MERGE) continue ;; esac
    quoted "$ref"
    printf '%s,"hook":"${name}","ref":"%s","old":"%s","new":"%s"}\\n' "$head" "$q" "$old" "$new"
  done <<INPUT >>"$log"
$text
INPUT
} </dev/null >/dev/null 2>&1
[ -x "$before" ] || exit 0
if [ -n "$text" ]; then printf '%s\\n' "$text"; fi | "$before" "$@"
`;
}
