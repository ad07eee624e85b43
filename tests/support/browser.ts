import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** Debian's browser; .ci/run installs it. */
const CHROMIUM = '/usr/bin/chromium';
/** Without these a browser calls home at every start, which a closed network refuses many at a time. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

/** A browser with one context, whose complaints are kept: a page may cause none. */
export interface Browser extends AsyncDisposable {
  readonly context: BrowserContext;
  /** What pages said on the console as errors or warnings, and what they threw. */
  readonly complaints: string[];
  page(): Promise<Page>;
}

/** Starts Chromium with a profile of its own. */
export async function openBrowser(options: BrowserContextOptions = {}): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'waybill-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    headless: true,
    args: FLAGS,
    viewport: { width: 1280, height: 900 },
    env: { PATH: process.env['PATH'] ?? '', HOME: profile, LANG: 'C.UTF-8' },
    ...options,
  });
  const complaints: string[] = [];
  return {
    context,
    complaints,
    page: async () => {
      const page = await context.newPage();
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(String(error)));
      return page;
    },
    [Symbol.asyncDispose]: async () => {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}
