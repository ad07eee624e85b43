import { isCredentialPath, isGlobOf } from '../../src/policy/credentials.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('policy/credentials');

const HOME = '/home/ann';

const IN_HOME =
  `.ssh .ssh/id_rsa .ssh/config .ssh/authorized_keys .SSH/Id_RSA .gnupg/x .aws/credentials .azure/x .config/gcloud/x
  .config/gh/hosts.yml .kube/config .docker/config.json .netrc .git-credentials .config/git/credentials .npmrc .pypirc
  .cargo/credentials .cargo/credentials.toml .gem/credentials .terraform.d/credentials.tfrc.json .vault-token .password-store/a.gpg
  .claude/.credentials.json .codex/auth.json .gemini/oauth_creds.json Library/Keychains/login.keychain-db .mozilla/firefox/x
  .config/google-chrome/Default .config/chromium x/../.ssh/y ./.ssh .ssh/ .s*h/x .ssh/../.aws`.split(/\s+/);
const ELSEWHERE =
  `/etc/shadow /etc/shadow- /etc/sudoers /etc/sudoers.d/x /ETC/Shadow /etc/../etc/shadow /root/.ssh/x /home/bob/.ssh/x
  /Users/bob/.ssh /Users/bob/Library/Keychains /Users/bob/Library/Application_Support/Google/Chrome/x /proc/1/environ /proc/self/environ
  /proc/self/root/etc/shadow /private/etc/master.passwd /private/var/root/.ssh /System/Volumes/Data/Users/bob/.ssh /var/root/.aws
  /home/*/.ssh/id_rsa /home/ann/.??h/x /etc/shado[w] /run/secrets/x //root//.netrc`.split(/\s+/);
const NOT =
  `/home/ann /home/ann/ssh /home/ann/.sshx /home/ann/work/.ssh/x /home/ann/.config /home/ann/.cargo/config.toml /etc/passwd /etc
  /home/ann/.docker/cli-plugins /home/ann/.claude/settings.json /root /tmp/.ssh/x / /proc/1/status /srv/home/ann/.ssh /home/ann/*/x
  /home/ann/project/.npmrc /home/.ssh /home/ann/.kube/cache /etc/s*r`.split(/\s+/);

test('the well-known places of credentials are known, in every spelling', () => {
  const all = [...IN_HOME.map((path) => `${HOME}/${path}`), ...ELSEWHERE.map((path) => path.replaceAll('_', ' '))];
  assert.deepEqual(
    all.filter((path) => path !== '' && !isCredentialPath(path.replaceAll('oauth creds', 'oauth_creds'), HOME)),
    [],
  );
});

test('other paths are none', () => {
  assert.deepEqual(
    NOT.filter((path) => isCredentialPath(path, HOME)),
    [],
  );
});

test('a home folder may lie anywhere', () => {
  assert.ok(isCredentialPath('/srv/station/.ssh/x', '/srv/station'));
  assert.ok(isCredentialPath('/srv/Station/.ssh/x', '/srv/station/'));
  assert.equal(isCredentialPath('/srv/other/.ssh/x', '/srv/station'), false);
  assert.equal(isCredentialPath('/srv/.ssh', '/'), false, 'a home of / makes no folder of any depth a home');
});

test('a glob is one of a name only if a shell would match it', () => {
  for (const glob of ['.ssh*', '.s*', '.*', '.???', '.s?h', '.[s]sh', '.[!a]sh', '.*h', '.s**h'])
    assert.ok(isGlobOf(glob, '.ssh'), glob);
  for (const glob of ['*', '?ssh', '[.]ssh', '*ssh', '.s', '.ssh', '.ss', '.????', '.a*', '.*x', ''])
    assert.equal(isGlobOf(glob, '.ssh'), false, glob);
  isGlobOf(`.${'*a'.repeat(100)}`, `.${'a'.repeat(300)}b`);
});

test.run();
