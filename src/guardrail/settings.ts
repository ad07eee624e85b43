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

type Place = Pick<Layout, 'root' | 'guardrail'>;

/** The settings that count for the guardrail: waybill.yaml, else as it could be read last, else defaults. */
<<<<<<< HEAD
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
=======
export function settingsLook(layout: Place): SettingsLook {
  const bytes = readIfThere(join(layout.root, SETTINGS_FILE));
  const known = readIfThere(join(layout.guardrail, COPY));
  if (bytes === undefined) {
    if (known === undefined) return { settings: parse(known), why: null, fresh: null };
    return { settings: parse(known), why: 'it is not there', fresh: 'gone' };
>>>>>>> d8dadc9141731ef9dc60a4ce9f0afae8bc0f0e53
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
  ensureDir(layout.guardrail);
  writeProjection(join(layout.guardrail, COPY), fresh);
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
