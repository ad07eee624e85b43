import { posix } from 'node:path';
import { readDocument } from '../order/document.ts';
import { WaybillError } from '../order/error.ts';
import { conform } from '../platform/schema.ts';
import type { Plan, PlanStatus, Register } from './register.ts';
import { spokenLines } from './spoken-lines.ts';

/** A register longer than this is none. */
const LIMITS = { maxBytes: 1024 * 1024, maxDepth: 20 };

/**
 * Reads a register: YAML by schemas/plan-register.schema.json, or Markdown with the headings of a plan supersession register. Throws
 * REGISTER_INVALID with the place for YAML that is none.
 */
export function readRegister(path: string, bytes: Uint8Array): Register {
  return /\.ya?ml$/i.test(path) ? fromYaml(path, bytes) : fromMarkdown(path, Buffer.from(bytes).toString('utf8'));
}

function fromYaml(path: string, bytes: Uint8Array): Register {
  const { value, locate } = read(path, bytes);
  const { plans } = conform('plan-register', value, 'REGISTER_INVALID', {
    locate: (segments) => ({ file: path, ...locate(segments) }),
  });
  return {
    path,
    unread: [],
    plans: plans.map((plan, n) => ({
      path: posix.normalize(plan.path),
      status: plan.status,
      supersedes: (plan.supersedes ?? []).map((target) => posix.normalize(target)),
      supersededBy: plan.superseded_by === undefined ? null : posix.normalize(plan.superseded_by),
      line: locate(['plans', n]).line ?? 1,
    })),
  };
}

function read(path: string, bytes: Uint8Array) {
  try {
    return readDocument(bytes, 'yaml', LIMITS);
  } catch (error) {
    if (!(error instanceof WaybillError)) throw error;
    throw new WaybillError('REGISTER_INVALID', error.message, { place: { file: path, ...error.place }, cause: error });
  }
}

const SECTIONS: readonly (readonly [PlanStatus, RegExp])[] = [
  ['superseded', /^superseded\b|\bsuperseded\b.*\bplans?\b/i],
  ['draft', /^(?:drafts?|proposed|planned|candidates?)\b/i],
  ['active', /\b(?:active|canonical|current)\b.*\bplans?\b|^active\b/i],
];
const ITEM = /^\s*(?:[-*+]|\d+[.)])\s+(.*)$/;
const PATH = /`([^`]+)`|\[[^\]]*\]\(\s*<?([^)>]+?)>?\s*\)/g;

/** Sections `Active Canonical Plan`, `Superseded …`, `Drafts`; others (`Notes`) hold no plans. Each item names its plan first. */
function fromMarkdown(path: string, text: string): Register {
  const plans: Plan[] = [];
  const unread: { line: number; why: string }[] = [];
  let status: PlanStatus | null = null;
  let isByActive = false;
  const byActive = new Set<Plan>();
  for (const { line, raw, heading } of spokenLines({ path: 'register.md', text })) {
    if (heading !== null) {
      if (heading.level === 1) continue;
      status = SECTIONS.find(([, names]) => names.test(heading.text))?.[0] ?? null;
      isByActive = /\bby\b.*\bactive\b/i.test(heading.text);
      continue;
    }
    const item = ITEM.exec(raw)?.[1];
    if (status === null || item === undefined || /^\s{2,}/.test(raw)) continue;
    const plan = planOf(path, item, status, line);
    if (plan === null) unread.push({ line, why: `names no plan: ${item.slice(0, 80)}` });
    else {
      plans.push(plan);
      if (isByActive) byActive.add(plan);
    }
  }
  const active = plans.filter((plan) => plan.status === 'active');
  const only = active.length === 1 ? (active[0]?.path ?? null) : null;
  return {
    path,
    unread,
    plans: plans.map((plan) => (byActive.has(plan) ? { ...plan, supersededBy: plan.supersededBy ?? only } : plan)),
  };
}

/** `path` (promoted …; supersedes `a`), or `path` (superseded by `b`). Without a path in marks there is no plan. */
function planOf(register: string, item: string, status: PlanStatus, line: number): Plan | null {
  const named = [...item.matchAll(PATH)].map((match) => ({
    path: match[1] === undefined ? linked(register, match[2] ?? '') : posix.normalize(match[1].trim()),
    before: item.slice(0, match.index),
  }));
  const [own, ...others] = named;
  if (own === undefined || own.path === '') return null;
  const after = (words: RegExp) => others.filter(({ before }) => words.test(before)).map(({ path }) => path);
  return {
    path: own.path,
    status,
    supersedes: after(/\bsupersedes\b/i),
    supersededBy: after(/\bsuperseded by\b/i)[0] ?? null,
    line,
  };
}

/** A link counts from the register's folder; one from the root, `/docs/plan.md`, from the root. */
function linked(register: string, target: string): string {
  const path = unescaped(target.replace(/[#?].*$/, ''));
  if (path.startsWith('/')) return posix.normalize(path.slice(1));
  return posix.normalize(posix.join(posix.dirname(register), path));
}

function unescaped(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
