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

/** A browser whose pages' complaints are kept: a page may cause none. */
export interface Browser extends AsyncDisposable {
  readonly context: BrowserContext;
  /** What pages said on the console as errors or warnings, and what they threw. */
  readonly complaints: string[];
  /** A page of the first context; with options, of a new one that has its own cookies. */
  page(options?: BrowserContextOptions): Promise<Page>;
}

/** Starts Chromium with a profile of its own. */
export async function openBrowser(options: BrowserContextOptions = {}): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    headless: true,
    args: FLAGS,
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', LANG: 'C.UTF-8' },
  });
  const contextWith = (more: BrowserContextOptions) =>
    browser.newContext({ viewport: { width: 1280, height: 900 }, ...options, ...more });
  const context = await contextWith({});
  const complaints: string[] = [];
  return {
    context,
    complaints,
    page: async (more) => {
      const page = await (more === undefined ? context : await contextWith(more)).newPage();
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(String(error)));
      return page;
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}
