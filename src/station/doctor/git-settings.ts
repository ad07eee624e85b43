import { Git, gitFailed } from '../../git/git.ts';
import { type Check, fine, type Remark, warning } from './finding.ts';

/** Whether git's settings keep git and Waybill from seeing the same files in the same way. */
export const GIT_SETTINGS: Check = {
  name: 'git settings',
  look: async ({ station }) => {
    if (station?.gitDir == null) return [];
    const values = await read(new Git(station.root));
    const remarks = [...identity(values), ...files(values)];
    return remarks.length > 0 ? remarks : [fine("git's settings suit")];
  },
};

/** The last value of each key, without those that Waybill gives to each git of its own. */
async function read(git: Git): Promise<ReadonlyMap<string, string>> {
  const args = ['config', '--list', '--null', '--show-scope'];
  const result = await git.try(args);
  if (result.exitCode !== 0) throw gitFailed(args, result);
  const fields = result.stdout.toString('utf8').split('\0');
  const values = new Map<string, string>();
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [scope, entry = ''] = [fields[i], fields[i + 1]];
    const newline = entry.indexOf('\n');
    if (scope === 'command') continue;
    if (newline === -1) values.set(entry, 'true');
    else values.set(entry.slice(0, newline), entry.slice(newline + 1).toLowerCase());
  }
  return values;
}

function identity(values: ReadonlyMap<string, string>): Remark[] {
  const missing = ['user.name', 'user.email'].filter((key) => (values.get(key) ?? '') === '');
  if (missing.length === 0) return [];
  return [
    warning(
      `git does not know ${missing.join(' and ')}: commits of orders may be by "Waybill <waybill@localhost>"`,
      missing.map((key) => `\`git config ${key} …\``).join(' and '),
    ),
  ];
}

function files(values: ReadonlyMap<string, string>): Remark[] {
  const remarks: Remark[] = [];
  const isOn = (key: string) => ['true', 'yes', 'on', '1'].includes(values.get(key) ?? '');
  const isOff = (key: string) => ['false', 'no', 'off', '0'].includes(values.get(key) ?? '');
  if (isOff('core.filemode'))
    remarks.push(
      warning(
        'core.fileMode is false: git does not see that a script lost its executable bit, and commits of people drop it',
        '`git config core.fileMode true`, unless the disk has no such bits.',
      ),
    );
  if (isOn('core.autocrlf') || values.get('core.autocrlf') === 'input')
    remarks.push(
      warning(
        `core.autocrlf is ${values.get('core.autocrlf')}: files on disk differ from what is committed, and landing takes longer`,
        '`git config core.autocrlf false`; say in .gitattributes which files need other line ends.',
      ),
    );
  if (values.has('core.fsmonitor') && !isOff('core.fsmonitor'))
    remarks.push(fine('core.fsmonitor is on; git runs without it when Waybill calls it'));
  return remarks;
}
