import pc from 'picocolors';
import { loadRoles } from '../../agents/roles.ts';
import { loadPolicy } from '../../policy/policy.ts';
import { examine } from '../../station/doctor/examine.ts';
import type { Finding } from '../../station/doctor/finding.ts';
import { type AgentsSubject, type PolicySubject, subjectOf } from '../../station/doctor/subject.ts';
import { VERSION } from '../../station/version.ts';
import { EXIT, plain, print, printJson } from '../output.ts';

type Options = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };

const COLOURS: Record<Finding['ok'], (text: string) => string> = { ok: pc.green, warning: pc.yellow, fault: pc.red };

/** Checks the installation, and the station if there is one. Exits 1 where something is at fault. */
export async function doctor(options: Options): Promise<void> {
  const subject = await subjectOf(options.station, { policy: policySubject, agents: agentsSubject });
  const findings = await examine(subject);
  const faults = findings.filter(({ ok }) => ok === 'fault').length;
  if (faults > 0) process.exitCode = EXIT.failed;
  const root = subject.station?.root ?? null;
  if (options.json) return printJson({ ok: faults === 0, version: VERSION, root, findings });
  const width = Math.max(...findings.map(({ check }) => check.length));
  for (const { check, ok, message, mend } of findings) {
    print(`${COLOURS[ok](ok.padEnd(7))}  ${check.padEnd(width)}  ${line(message)}`);
    if (mend !== null) print(`${' '.repeat(9 + width)}  ${pc.dim('mend:')} ${line(mend)}`);
  }
  const warnings = findings.filter(({ ok }) => ok === 'warning').length;
  const where = root === null ? 'this machine; there is no station here' : root;
  print(`${count(faults, 'fault')}, ${count(warnings, 'warning')}: ${plain(where)}`);
}

/** What the checks need to know of policy. Throws POLICY_INVALID. */
function policySubject(root: string): PolicySubject {
  const policy = loadPolicy(root);
  const rules = policy.rules.filter(({ class: cls }) => cls !== 'never');
  return { commands: rules.flatMap(({ commands }) => commands), sandbox: policy.sandbox.use };
}

function agentsSubject(root: string): AgentsSubject {
  const { roles, faults } = loadRoles(root);
  return {
    roles: [...roles.values()].map(({ name, use }) => ({
      name,
      programs: [...new Set(use.map(({ command }) => command[0] ?? ''))],
    })),
    faults: [...faults.values()],
  };
}

function line(text: string): string {
  return plain(text).replaceAll('\n', ' ');
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
