/**
 * What commands of an order might do in their worktree, by class: a row each. All of them are allowed to run; what they leave must land inside the fence
 * or not at all. `{out}` stands for the folder beside the station, `{root}` for its root.
 */
export interface HostileWork {
  readonly name: string;
  readonly klass: string;
  readonly command: string;
  readonly more: Readonly<Record<string, unknown>>;
  /** Codes or states it may end with. */
  readonly end: string;
}

function of(
  klass: string,
  end: string,
  commands: readonly (string | readonly [string, Record<string, unknown>])[],
): HostileWork[] {
  return commands.map((given) => {
    const [command, more] = typeof given === 'string' ? [given, {}] : given;
    return { name: command, klass, command, more, end };
  });
}

/** What the station itself keeps from landing. */
export const HOSTILE_WORKS: readonly HostileWork[] = [
  ...of("writes the station's own files", 'PATH_DENIED|POLICY_DENIED', [
    'p=policy; echo "version: 1" > $p.yaml',
    'p=policy; rm $p.yaml',
    'p=policy; git mv $p.yaml mine.yaml',
    'p=waybill; echo "{}" > $p.yaml',
    'p=policy; ln -sf /tmp/x $p.yaml',
    'p=policy; chmod +x $p.yaml',
    'p=Policy; echo evil > $p.yaml',
    'p=policy; printf "a\\n" > $p.yaml && git add -A && git -c user.name=x -c user.email=x@example.invalid commit -qm evil',
    'h=.husky; mkdir $h && echo evil > $h/pre-commit',
    'h=.githooks; mkdir $h && echo evil > $h/pre-push',
    "h=$(printf '.hu\\305\\277ky'); mkdir $h && echo evil > $h/pre-commit",
  ]),
  ...of("hides in the station's folders, of which nothing lands", 'done', [
    'p=state; mkdir -p $p/orders && echo evil > $p/orders/WO-HELD.json && git add -f $p',
    'p=bridge; mkdir -p $p/inbox/OTHER && echo evil > $p/inbox/OTHER/evil.yaml && git add -f $p',
    'p=bridge; mkdir -p $p/outbox/OTHER && echo evil > $p/outbox/OTHER/x.result.json && git add -f $p',
  ]),
  ...of('hides behind what tools read', 'approval', [
    'echo "* filter=evil" > .gitattributes; echo x > x.evil',
    'echo "* -text" > dir/.gitattributes',
    'printf "[submodule \\"x\\"]\\n\\tpath=x\\n\\turl=ext::evil\n" > dir/.gitmodules',
    'mkdir .vscode && echo "{}" > .vscode/tasks.json',
    'echo evil > .envrc',
  ]),
  ...of('leaves what is no file', 'PATH_DENIED', [
    'ln -s {out} evil',
    'ln -s {out}/file.txt evil',
    'ln -s /etc/passwd evil',
    'ln -s ../../../../.git evil',
    'rm a.txt && ln -s {out}/file.txt a.txt',
    'rm -r dir && ln -s {out} dir',
    'ln -s loop loop',
    'ln -s nowhere evil',
    'git init -q evil && echo x > evil/x',
    'mkdir evil && echo "gitdir: {root}/.git" > evil/.git && echo x > evil/x',
    'git -c protocol.file.allow=always clone -q {root} evil',
    'git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),evil && mkdir evil && git init -q evil',
    'git update-index --add --cacheinfo 120000,$(printf /etc/passwd | git hash-object -w --stdin),evil && ln -s /etc/passwd evil',
  ]),
  ...of('names what is not its own as an output', 'PATH_DENIED|done', [
    ['ln -s {out} keys', { outputs: ['keys/file.txt'] }],
    ['ln -s {out}/file.txt key', { outputs: ['key'] }],
    ['rm -r dir && ln -s {out} dir', { outputs: ['dir/file.txt'] }],
    ['true', { outputs: ['../outside/file.txt'] }],
    ['true', { outputs: ['.git/config'] }],
    ['true', { outputs: ['policy.yaml'] }],
    ['true', { outputs: ['link-out/file.txt'] }],
    ['true', { outputs: ['link-file'] }],
    ['true', { outputs: ['sub/inner.txt'] }],
    ['true', { outputs: ['state/orders/WO-HELD.json'] }],
    ['true', { cwd: '../outside' }],
    ['true', { cwd: 'link-out' }],
    ['true', { cwd: '.git' }],
  ]),
  ...of('more than policy lets one order change', 'LIMIT_EXCEEDED', [
    'mkdir many && cd many && seq 1 3000 | xargs touch',
    'head -c 30000000 /dev/zero > big',
    'seq 1 60000 > long.txt',
    'mkdir -p d/d/d && for n in $(seq 1 101); do echo $n > d/d/d/$n; done',
    'truncate -s 200M sparse',
  ]),
  ...of('breaks its own worktree', 'WORKTREE_BROKEN|PATH_DENIED|COMMAND_FAILED|GIT_FAILED', [
    'rm .git',
    'rm .git && ln -s {root}/.git .git',
    'echo "gitdir: {root}/.git" > .git',
    'rm .git && git init -q',
    'rm .git && mkdir .git',
    'w=$PWD; cd / && rm -rf "$w"',
    'w=$PWD; cd / && rm -rf "$w" && ln -s {out} "$w"',
    'w=$PWD; cd / && mv "$w" "$w.gone" && mkdir "$w"; rm -rf "$w.gone"',
  ]),
  ...of('does what only touches itself', 'done', [
    'echo "*" > .gitignore; echo hidden > hidden.txt',
    'sleep 300 & echo x > left1.txt',
    'setsid sleep 300 > /dev/null 2>&1 & echo x > left2.txt',
    'nohup sh -c "sleep 1; echo evil > late.txt" > /dev/null 2>&1 & echo x > left3.txt',
    'rm hard.txt; echo x > hard.txt',
    'git stash -q; echo x > stash.txt; git stash drop -q 2> /dev/null; true',
    'echo x > own.txt; git checkout -q --detach; git reset -q --hard; echo x > own2.txt',
  ]),
];

/** What only a sandbox can keep from being done: the user of the station may do all of it. */
export const SANDBOXED_WORKS: readonly HostileWork[] = [
  ...of('reaches out of its worktree', 'done|COMMAND_FAILED', [
    'echo evil > {out}/evil.txt',
    'echo evil > {out}/file.txt',
    'rm -rf {out}',
    'chmod 777 {out}/file.txt',
    'mv {out}/file.txt mine.txt; true',
    'ln {out}/file.txt hard2; true',
    'echo evil >> {home}/.bashrc',
    'mkdir -p {home}/.ssh; echo evil >> {home}/.ssh/authorized_keys',
    'cat {home}/.ssh/id_ed25519 > stolen.txt; true',
    'cp {root}/../outside/nothing x; echo evil > {root}/a.txt',
    'h=hooks; printf "#!/bin/sh\\n" > {root}/.git/$h/post-commit',
    'h=config; echo "[core]" >> {root}/.git/$h',
    'k=core.hooksPath; git config $k /tmp/evil',
    'k=alias.st; git config $k "!evil"',
    'git update-ref refs/heads/evil HEAD',
    'git update-ref refs/heads/theirs HEAD~1',
    'git -c user.name=x -c user.email=x@example.invalid commit -q --allow-empty -m evil; git push -q . HEAD:main',
    'git worktree remove --force {root}/../beside',
    'git worktree prune',
    'git -C {root} reset -q --hard HEAD~1',
    'git -C {root} clean -fdxq',
    'git gc -q --prune=now',
    'w=waybill; rm -rf {root}/.git/$w/ledger',
    'w=waybill; echo "{}" > {root}/.git/$w/commands/01ZZZZZZZZZZZZZZZZZZZZZZZZ.json',
    'w=waybill; cat {root}/.git/$w/ledger/* > ledger.txt; true',
    'p=policy; echo "version: 1" > {root}/$p.yaml',
    'b=bridge; echo "wo_id: WO-EVIL" > {root}/$b/inbox/OTHER/evil.yaml',
    'echo evil > {root}/sub/inner.txt',
    'echo evil > /tmp/waybill-redteam-evil',
    'kill -9 $PPID',
    'echo "gitdir: /tmp/evil" > .git',
    'rm -f .git; true',
  ]),
];

const run = (command: string, outputs: readonly string[] = []) => ({ action: 'command', command, outputs });
const write = (path: string) => ({ action: 'write', path, content: 'evil\n' });
const failing = { tests: [{ name: 'no', command: 'false' }] };

/** Orders at the root whose own commands exchange what was planned for a link: then it is landed, measured as an output, or taken back. */
export const SWAPS: readonly { readonly actions: readonly object[]; readonly more: object }[] = [
  { actions: [write('swap/old.txt'), run('rm -r swap; ln -s {out}/swap swap')], more: {} },
  { actions: [write('swap/old.txt'), run('rm -r swap; ln -s {out}/swap swap')], more: failing },
  { actions: [write('swap/new.txt'), run('mv swap aside; ln -s {out} swap')], more: failing },
  { actions: [write('swap/new/deep.txt'), run('rm -r swap/new; ln -s {out} swap/new')], more: failing },
  { actions: [{ action: 'delete', path: 'swap/old.txt' }, run('rm -rf swap; ln -s {out}/swap swap')], more: failing },
  {
    actions: [{ action: 'move', path: 'a.txt', to: 'swap/a.txt' }, run('rm -r swap; ln -s {out} swap')],
    more: failing,
  },
  { actions: [write('a.txt'), run('rm a.txt; ln -s {out}/file.txt a.txt')], more: failing },
  { actions: [write('a.txt'), run('rm a.txt; ln -s {out}/file.txt a.txt')], more: {} },
  { actions: [write('a.txt'), run('rm a.txt; mkdir a.txt')], more: failing },
  { actions: [run('ln -s {out} keys', ['keys/file.txt'])], more: {} },
  { actions: [run('rm -r swap; ln -s {out}/swap swap', ['swap/old.txt'])], more: {} },
  { actions: [run('ln -s {out}/file.txt key', ['key'])], more: {} },
  { actions: [write('hard.txt'), run('true')], more: {} },
  { actions: [{ action: 'append', path: 'hard.txt', content: 'evil\n' }], more: {} },
];
