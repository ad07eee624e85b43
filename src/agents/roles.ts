import { join } from 'node:path';
import { asWaybillError, ERROR_CODES, WaybillError } from '../order/error.ts';
import { namesIn } from '../platform/durable.ts';
import { lstatIfThere } from '../platform/fs.ts';
import { AGENTS_FOLDER, CHAINS_FOLDER } from '../station/agents-folder.ts';
import { isLink, type Role, type RoleAgent, readRole, roleFile } from './role-file.ts';

/** The roles of a station. One that cannot be used stands among the faults, and stops no other (rule 10). */
export interface Roles {
  readonly roles: ReadonlyMap<string, Role>;
  /** By role; what concerns all of them under `*`. */
  readonly faults: ReadonlyMap<string, WaybillError>;
}

const MOST_ROLES = 200;

/** Reads agents/<role>/agent.yaml of every role below a station's root. Never throws: what is wrong stands among the faults. */
export function loadRoles(root: string): Roles {
  const roles = new Map<string, Role>();
  const faults = new Map<string, WaybillError>();
  let names: string[] = [];
  try {
    names = roleNames(root);
  } catch (thrown) {
    faults.set('*', asFault(thrown, AGENTS_FOLDER));
  }
  for (const name of names) {
    try {
      roles.set(name, readRole(root, name));
    } catch (thrown) {
      faults.set(name, asFault(thrown, roleFile(name)));
    }
  }
  return { roles, faults };
}

/** The role that a step asks for, for a mission of this lane. Throws AGENT_INVALID with its place, or AGENT_UNAVAILABLE. */
export function requireRole({ roles, faults }: Roles, name: string, lane: string): Role {
  const role = roles.get(name);
  if (role === undefined) {
    throw (
      faults.get(name) ??
      faults.get('*') ??
      new WaybillError('AGENT_UNAVAILABLE', `there is no role ${name}`, {
        hint: `\`waybill agents init --role ${name}\` writes ${roleFile(name)}.`,
      })
    );
  }
  if (role.lanes !== null && !role.lanes.some((own) => own.toLowerCase() === lane.toLowerCase()))
    throw new WaybillError('AGENT_UNAVAILABLE', `the role ${name} is only for missions of ${role.lanes.join(', ')}`, {
      hint: `Add ${lane} to \`lanes\` in ${role.file}, or drop the mission into one of these lanes.`,
    });
  return role;
}

/** The agents that may do a role's work, in the order in which they are tried. Where the mission names agents, these alone, as it orders them. */
export function candidates(role: Role, wanted: readonly string[]): readonly RoleAgent[] {
  if (wanted.length === 0) return role.use;
  const named = wanted.flatMap((name) => role.use.filter((use) => use.name.toLowerCase() === name.toLowerCase()));
  return [...new Set(named)];
}

function roleNames(root: string): string[] {
  const folder = join(root, AGENTS_FOLDER);
  if (lstatIfThere(folder)?.isSymbolicLink() === true) throw isLink(AGENTS_FOLDER);
  // other folders there are the repository's
  const names = namesIn(folder).filter(
    (name) => `${AGENTS_FOLDER}/${name}` !== CHAINS_FOLDER && lstatIfThere(join(root, roleFile(name))) !== undefined,
  );
  if (names.length > MOST_ROLES)
    throw new WaybillError('AGENT_INVALID', `there are ${names.length} roles, the limit is ${MOST_ROLES}`);
  return names.sort();
}

function asFault(thrown: unknown, file: string): WaybillError {
  const { message, hint, place, code } = asWaybillError(thrown);
  return new WaybillError('AGENT_INVALID', message, {
    // the common hints for documents speak of orders
    ...(code === 'AGENT_INVALID' || hint !== ERROR_CODES[code].hint ? { hint } : {}),
    place: { file, ...place },
  });
}
