import { join } from 'node:path';

/** Where programs of a developer's machine keep what proves who they are, below the home folder. */
const PLACES = [
  ...['.ssh', '.gnupg', '.password-store', '.pki', '.netrc', '.authinfo', '.authinfo.gpg'],
  // clouds and clusters
  ...['.aws', '.azure', '.config/gcloud', '.oci', '.kube', '.docker', '.config/containers', '.config/doctl'],
  ...['.terraform.d', '.terraformrc', '.vault-token', '.fly', '.config/rclone', '.boto', '.s3cfg'],
  // code hosts and package registries
  ...['.git-credentials', '.config/git/credentials', '.config/gh', '.config/glab-cli', '.config/hub'],
  ...['.npmrc', '.yarnrc.yml', '.pypirc', '.cargo/credentials', '.cargo/credentials.toml', '.gem/credentials'],
  ...['.m2/settings.xml', '.m2/settings-security.xml', '.gradle/gradle.properties', '.composer/auth.json', '.nuget'],
  ...['.config/composer/auth.json', '.config/pip', '.pip', '.config/op', '.1password', '.pgpass', '.my.cnf'],
  // coding agents
  ...['.claude', '.claude.json', '.codex', '.gemini', '.config/github-copilot', '.config/opencode'],
  '.local/share/opencode',
  // keyrings and browsers
  ...['.local/share/keyrings', '.local/share/kwalletd', '.mozilla', '.config/google-chrome', '.config/chromium'],
  ...['Library/Keychains', 'Library/Cookies', 'Library/Application Support/Google/Chrome'],
  'Library/Application Support/Firefox',
] as const;

/** Folders and files of this home folder that a command of an order has no business with, whether they are there or not. */
export function credentialPlaces(home: string): string[] {
  return PLACES.map((place) => join(home, place));
}
