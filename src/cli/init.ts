import { relative, resolve } from 'node:path';
import { expandHome } from '../platform/user.ts';
import { tellTracked, trackedShown } from '../station/exclude.ts';
import { initStation } from '../station/station.ts';
import { note, plain, print, printJson } from './output.ts';

export async function init(dir: string, preset: string, json: boolean): Promise<void> {
  const { station, created } = await initStation(resolve(expandHome(dir)), preset);
  const tracked = await trackedShown(station.repo, station.settings);
  const told = tellTracked(tracked);
  if (told !== null) note(plain(`warning: ${told.message}\n  ${told.mend}`));
  if (json) return printJson({ ok: true, station: station.id, root: station.layout.root, created, tracked });
  const here = relative(process.cwd(), station.layout.root) || '.';
  print(`Station ${station.id} in ${station.layout.root}`);
  for (const path of created) print(`  made ${path}`);
  print(`
Next:${here === '.' ? '' : `\n  cd ${here}`}
  git add waybill.yaml policy.yaml bridge/README.md && git commit -m "Add a Waybill station"
  waybill up          # or: waybill up --drain
  waybill new > hello.yaml && waybill drop hello.yaml --wait`);
}
