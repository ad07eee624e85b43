import { takesCode } from '../../../src/policy/commands/takes-code.ts';
import { assert, suite } from '../../support/suite.ts';

const test = suite('policy/commands/takes-code');

/** Words parted by spaces; `_` stands for a space within one. */
function argvs(text: string): string[][] {
  return text
    .split(/[¦\n]/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => line.split(' ').map((word) => word.replaceAll('_', ' ')));
}

const CODE = argvs(String.raw`
  sh -c x ¦ bash -lc x ¦ /bin/dash -xc x ¦ zsh --rcfile x y ¦ bash -s ¦ sh +x y ¦ fish -C x ¦ pwsh -Command x
  node -e x ¦ node --eval=x ¦ node -p x ¦ node -pe x ¦ node a.js -e x ¦ node --import=data:text/javascript,x y ¦ node -r x -e y ¦ node -
  python3 -c x ¦ python3.11 -Ic x ¦ python -m timeit x ¦ python - ¦ perl -e x ¦ perl -pie x ¦ perl -Mx=y z ¦ perl -nE x ¦ ruby -e x
  ruby -rx y ¦ php -r x ¦ php -d a=b c ¦ lua -e x ¦ tsx -e x ¦ bun -e x ¦ bun x y ¦ deno eval x ¦ deno run https://x/y ¦ deno run - ¦ julia -E x
  env x ¦ env A=b ¦ xargs x ¦ nice x ¦ nohup x ¦ timeout 5 x ¦ stdbuf -oL x ¦ setsid x ¦ time x ¦ watch x ¦ parallel x ¦ flock a x ¦ script -c x
  unshare x ¦ nsenter -t 1 x ¦ chroot / x ¦ busybox sh ¦ command x ¦ exec x ¦ eval x ¦ strace x ¦ ssh h x ¦ sudo x ¦ su -c x ¦ expect -c x
  npx x ¦ uvx x ¦ /lib64/ld-linux-x86-64.so.2 x ¦ systemd-run x ¦ osascript -e x ¦ at now ¦ crontab x ¦ direnv exec . x ¦ cross-env A=b x
  find . -exec x ¦ find . -execdir x ¦ find . -ok x ¦ find -delete ¦ find . -fprintf x y ¦ fd -x y ¦ fd --exec y
  tar --to-command=x ¦ tar --to-com=x ¦ tar --checkpoint-action=exec=x ¦ tar --checkpoint-a exec=x ¦ tar -I x -xf y ¦ tar xIf x y
  tar --use-compress-program x ¦ tar --use-comp=x ¦ tar -xFf x ¦ rsync -e x a b ¦ rsync -ave x a b ¦ rsync --rsh=x ¦ rsync --rsync-path x
  scp -o ProxyCommand=x a b ¦ scp -S x a b ¦ zip -TT x ¦ zip --unzip-command=x ¦ sort --compress-prog=x ¦ split --filter=x
  curl -K x ¦ curl --config x ¦ wget -e x ¦ wget --use-askpass=x
  git -c a=b status ¦ git --exec-path=x status ¦ git --git-dir=x status ¦ git --work-tree x status ¦ git --config-env=a=b x ¦ git config a b
  git fetch --upload-pack=x ¦ git fetch --uploa x ¦ git push --receive-pack=x ¦ git push --exec x ¦ git clone -u x y ¦ git clone -c a=b c
  git clone ext::x ¦ git rebase -x y ¦ git rebase --exec=y ¦ git bisect run x ¦ git submodule foreach x ¦ git difftool -x y
  git grep -O x ¦ git grep --open-files-in-pager=x y ¦ git diff --ext-diff ¦ git filter-branch x ¦ git init --template=x ¦ git for-each-repo x
  awk BEGIN{system("x")} ¦ gawk -f a -e b ¦ sed e ¦ sed 1e_x f ¦ sed s/a/b/e f ¦ sed s/a/b/w_x f ¦ sed w_x f ¦ sed -n -e p -e e f ¦ sed -ne e f
  sed -n -e p -ne e f ¦ sed --expression=e f ¦ sed s/a/b/;e f
  vim -c x ¦ vim +x ¦ nvim --cmd x ¦ emacs --eval x ¦ less +!x ¦ man -P x y ¦ make SHELL=x ¦ make A:=b ¦ make --eval=x ¦ make --ev x ¦ make -f x
  make -C x ¦ make -jf x ¦ make - ¦ just --shell x ¦ just a=b ¦ cargo --config x build ¦ cargo +x build ¦ go test -exec x ¦ go run a@b
  go build -toolexec=x ¦ go vet -vettool=x ¦ gcc -wrapper x ¦ gcc -fplugin=x y ¦ cmake -P x ¦ pytest -p x ¦ pytest -c x ¦ gradle -I x
  mvn -Dexec.executable=x y ¦ docker run x ¦ docker exec x y ¦ kubectl exec x ¦ sqlite3 a .shell_x ¦ psql -c \!_x ¦ apt-get -o a=b update
  npm test --script-shell=x ¦ npm --script-sh=x test ¦ npm test --prefix x ¦ npm -C x test ¦ npm exec x ¦ npm x y ¦ pnpm dlx x ¦ yarn dlx x
  npm test --node-opt=x ¦ npm config set a b ¦ npm test --userconfig=x ¦ yarn --cwd x test ¦ pnpm --dir=x test ¦ poetry run x ¦ uv run x
  tcpdump -z x ¦ ssh-keygen -D x ¦ nmap --script=x`);

const PLAIN = argvs(`
  git status ¦ git log -n 5 --oneline ¦ git diff --stat ¦ git clean -xfd ¦ git commit -m x ¦ git push origin main ¦ git -C a status ¦ git add .
  npm test ¦ npm test -- --script-shell=x ¦ npm run build ¦ npm ci ¦ yarn build ¦ pnpm test ¦ node a.js ¦ node a.mjs --all ¦ node --import tsx a.ts b
  python3 a.py ¦ python3 -m pytest tests ¦ sh a.sh x ¦ bash ./a.sh ¦ ruby a.rb ¦ perl a.pl ¦ tar czf a.tgz b ¦ tar -xzf a ¦ find . -name x
  make ¦ make test ¦ make -j4 all ¦ cargo test ¦ cargo build --release ¦ go test ./... ¦ go build ¦ pytest tests -k x ¦ sed -n 1,5p f ¦ sed s/a/b/g f
  sed -i s|a|b| f ¦ sed -e s/a/b/ -e 3d f ¦ awk -f a.awk b ¦ ls -la ¦ cat a ¦ cp a b ¦ rm -rf build ¦ rsync a/ b ¦ curl https://x/y ¦ grep -e x f
  docker build . ¦ docker ps ¦ sort -u f ¦ vim f ¦ tsc --noEmit -p . ¦ mvn test ¦ gradle build`);

test('rule 8: a call whose arguments are code, or another command, says so', () => {
  assert.deepEqual(
    CODE.filter((argv) => !takesCode(argv)).map((argv) => argv.join(' ')),
    [],
  );
  assert.ok(CODE.length > 150, String(CODE.length));
});

test('calls of any day carry no code', () => {
  assert.deepEqual(
    PLAIN.filter(takesCode).map((argv) => argv.join(' ')),
    [],
  );
});

test('the name of a program counts, not where it lies or in which case it is written', () => {
  for (const name of ['/usr/bin/env', './env', 'ENV', 'env.exe', 'x/../env']) assert.ok(takesCode([name, 'x']), name);
  assert.equal(takesCode(['environment', 'x']), false);
  assert.equal(takesCode([]), false);
});

test.run();
