import { join } from 'node:path';
import { asWaybillError } from '../order/error.ts';
import { readIfThere, writeProjection } from '../platform/durable.ts';
import type { Layout } from '../station/layout.ts';
import { parseSettings, SETTINGS_FILE, type Settings } from '../station/settings.ts';
import { hasHome } from './last-look.ts';

/** waybill.yaml as it was when it could be read last: who deletes, empties or breaks it takes no component out of sight. */
const COPY = SETTINGS_FILE;

export interface SettingsLook {
  readonly settings: Settings;
  /** Why waybill.yaml itself does not count; null where it does. */
  readonly why: string | null;
  /** What stands in waybill.yaml where that is not what is remembered: it may be half of what somebody is writing. */
  readonly fresh: Buffer | 'gone' | null;
}

type Place = Pick<Layout, 'root' | 'live' | 'guardrail'>;

/** The settings that count for the guardrail: waybill.yaml, else as it could be read last, else defaults. */
export function settingsLook(layout: Place): SettingsLook {
  const bytes = readIfThere(join(layout.root, SETTINGS_FILE));
  const known = readIfThere(join(layout.guardrail, COPY));
  if (bytes === undefined) {
    if (known === undefined) return { settings: parse(known), why: null, fresh: null };
    return { settings: parse(known), why: 'it is not there', fresh: 'gone' };
  }
  const fresh = known?.equals(bytes) === true ? null : bytes;
  if (bytes.length === 0 && known !== undefined && known.length > 0)
    return { settings: parse(known), why: 'it is empty', fresh };
  try {
    return { settings: parsed(bytes), why: null, fresh };
  } catch (thrown) {
    return { settings: parse(known), why: asWaybillError(thrown).message, fresh };
  }
}

/** Remembers settings that count. One process at a time. */
export function rememberSettings(layout: Place, { why, fresh }: SettingsLook): void {
  if (why !== null || !Buffer.isBuffer(fresh)) return;
  if (hasHome(layout)) writeProjection(join(layout.guardrail, COPY), fresh);
}

function parse(bytes: Buffer | undefined): Settings {
  try {
    return parsed(bytes ?? Buffer.alloc(0));
  } catch {
    return parsed(Buffer.alloc(0));
  }
}

/** Thousands of components take longer to read than to look at, and mostly nothing changed. */
let last: { readonly bytes: Buffer; readonly settings: Settings } | null = null;

function parsed(bytes: Buffer): Settings {
  if (last?.bytes.equals(bytes) !== true) last = { bytes, settings: parseSettings(bytes) };
  return last.settings;
}
