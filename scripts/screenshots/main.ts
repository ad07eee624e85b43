/**
 * `npm run screenshots`: the main pages of the dashboard, each at two widths and in both themes, from a station in which something of everything
 * is going on. Writes docs/screenshots/; with --dir elsewhere, and with --png as PNG.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { CLI, makeScene } from './scene.ts';

const argument = (name: string) => process.argv[process.argv.indexOf(name) + 1];
const DIR = process.argv.includes('--dir')
  ? resolve(argument('--dir') ?? '.')
  : resolve(import.meta.dirname, '../../docs/screenshots');
const FORMAT = process.argv.includes('--png') ? 'png' : 'webp';
const ONLY = process.argv.includes('--only') ? argument('--only')?.split(',') : undefined;

const PAGES: Readonly<Record<string, string>> = {
  overview: '/',
  orders: '/orders',
  'order-running': '/orders/WO-1080',
  'order-failed': '/orders/WO-1050',
  'order-done': '/orders/WO-1040',
  'order-mission': '/orders/WO-1060',
  approvals: '/approvals',
  approval: '/approvals/WO-1070',
  'approval-key': '/approvals/WO-1071',
  missions: '/missions',
  guardrail: '/guardrail',
  charts: '/charts?range=3h',
  telemetry: '/telemetry',
  error: '/errors/CHECK_FAILED',
};
const WIDTHS = { wide: { width: 1280, height: 860 }, phone: { width: 390, height: 844 } };
const THEMES = ['light', 'dark'] as const;
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const scene = await makeScene();
// at a terminal, because only such a dashboard decides, and shows the buttons
const dashboard = spawn(
  'script',
  ['-qec', `exec '${process.execPath}' '${CLI}' dashboard --port 0 --json`, '/dev/null'],
  {
    cwd: scene.root,
    stdio: ['pipe', 'pipe', 'inherit'],
  },
);
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });
try {
  const said = await new Promise<string>((done) =>
    dashboard.stdout.once('data', (chunk: Buffer) => done(String(chunk))),
  );
  const { url } = JSON.parse(said) as { url: string };
  mkdirSync(DIR, { recursive: true });
  for (const [width, viewport] of Object.entries(WIDTHS)) {
    for (const theme of THEMES) {
      const context = await browser.newContext({ viewport, colorScheme: theme, locale: 'en-GB', timezoneId: 'UTC' });
      const page = await context.newPage();
      await page.goto(url);
      for (const [name, path] of Object.entries(PAGES)) {
        if (ONLY !== undefined && !ONLY.includes(name)) continue;
        await page.goto(new URL(path, url).href);
        await page.waitForTimeout(700);
        writeFileSync(join(DIR, `${name}-${width}-${theme}.${FORMAT}`), await shot(page));
      }
      await context.close();
    }
  }
} finally {
  await browser.close();
  dashboard.kill('SIGTERM');
  scene.close();
}

async function shot(page: Page): Promise<Buffer> {
  const session = await page.context().newCDPSession(page);
  const options = FORMAT === 'png' ? { format: 'png' as const } : { format: 'webp' as const, quality: 80 };
  const { data } = await session.send('Page.captureScreenshot', options);
  return Buffer.from(data, 'base64');
}
