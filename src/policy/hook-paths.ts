import { posix } from 'node:path';
import { plainPath } from './plain-path.ts';

/** Folders that hooks of git are run from, by settings that many repositories share. */
const HOOK_FOLDERS = new Set(['.husky', '.githooks']);

/** Files by which tools are told to run programs, in whatever folder they stand: editors, coding agents, shells, package managers, git. */
const NAMES = new Set(
  `.mcp.json .envrc .pre-commit-config.yaml .pre-commit-config.yml .pre-commit-hooks.yaml lefthook.yml lefthook.yaml
   .lefthook.yml .lefthook.yaml lefthook-local.yml lefthook-local.yaml .lintstagedrc .gitattributes .gitmodules .npmrc
   .pnpmfile.cjs .mise.toml mise.toml opencode.json opencode.jsonc .exrc .nvim.lua .vimrc`.split(/\s+/),
);
const BEGINNINGS = ['.yarnrc', '.huskyrc', '.lintstagedrc.'];
const ENDINGS = ['.code-workspace'];
const FOLDERS = new Set(['.codex', '.idea', '.devcontainer', '.opencode']);
const IN_FOLDERS: Readonly<Record<string, RegExp>> = {
  '.claude': /^(settings[^/]*\.json|hooks\/.+|skills\/.+|commands\/.+|agents\/.+)$/,
  '.gemini': /^settings\.json$/,
  '.cursor': /^(mcp|hooks)\.json$/,
  '.vscode': /^(tasks|settings|launch|mcp)\.json$/,
  '.zed': /^(tasks|settings|debug)\.json$/,
};

/**
 * Whether a path of the work tree is one from which git runs programs: below `hooksPath` (what core.hooksPath names, relative to the
 * root; null where it names nothing inside), or in a folder that is known for it. Case says nothing: some file systems don't tell.
 */
export function isHookPath(relative: string, hooksPath: string | null): boolean {
  const path = plain(relative);
  if (path.split('/').some((part) => HOOK_FOLDERS.has(part))) return true;
  if (hooksPath === null) return false;
  const folder = plain(hooksPath);
  if (folder === '' || folder === '.') return !path.includes('/');
  return path === folder || path.startsWith(`${folder}/`);
}

/** Whether a path of the work tree is one by which somebody's tools are told to run programs. */
export function makesToolsRun(relative: string): boolean {
  const parts = plain(relative).split('/');
  const name = parts.at(-1) ?? '';
  if (NAMES.has(name) || BEGINNINGS.some((start) => name.startsWith(start))) return true;
  if (ENDINGS.some((end) => name.endsWith(end))) return true;
  return parts.some((part, i) => {
    if (FOLDERS.has(part)) return true;
    return IN_FOLDERS[part]?.test(parts.slice(i + 1).join('/')) === true;
  });
}

function plain(path: string): string {
  return plainPath(posix.normalize(path).replace(/^\.\/|\/+$/g, ''));
}
