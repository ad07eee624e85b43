import { join } from 'node:path';
import { asWaybillError } from '../order/error.ts';
import { readIfThere, writeProjection } from '../platform/durable.ts';
import type { Layout } from '../station/layout.ts';
import { parseSettings, SETTINGS_FILE, type Settings } from '../station/settings.ts';
import { hasHome } from './last-look.ts';

/** waybill.yaml as it was when it could be read last: who deletes or breaks it takes no component out of sight. */
const COPY = SETTINGS_FILE;

export interface SettingsLook {
  readonly settings: Settings;
  /** Why waybill.yaml itself does not count; null where it does. */
  readonly why: string | null;
}

/** The settings that count for the guardrail: waybill.yaml, else as it could be read last, else defaults. */
export function settingsLook(layout: Pick<Layout, 'root' | 'live' | 'guardrail'>): SettingsLook {
  const bytes = readIfThere(join(layout.root, SETTINGS_FILE));
  const copy = join(layout.guardrail, COPY);
  const known = readIfThere(copy);
  if (bytes === undefined) return { settings: parse(known), why: known === undefined ? null : 'it is not there' };
  try {
    const settings = parseSettings(bytes);
    if (known?.equals(bytes) !== true) {
      if (hasHome(layout)) writeProjection(copy, bytes);
    }
    return { settings, why: null };
  } catch (thrown) {
    return { settings: parse(known), why: asWaybillError(thrown).message };
  }
}

function parse(bytes: Buffer | undefined): Settings {
  try {
    return parseSettings(bytes ?? Buffer.alloc(0));
  } catch {
    return parseSettings(Buffer.alloc(0));
  }
}
