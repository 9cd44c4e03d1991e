import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** Debian's. */
const executablePath = process.env['LOCALRUN_CHROMIUM'] ?? '/usr/bin/chromium';

const args = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

/** A page and what it has complained about: refused content, errors, failed requests. */
export interface Tab {
  page: Page;
  complaints: string[];
}

/** One Chromium for the tests of a file. */
export class Browser {
  readonly #context: BrowserContext;
  readonly #directory: string;

  private constructor(context: BrowserContext, directory: string) {
    this.#context = context;
    this.#directory = directory;
  }

  static async open(): Promise<Browser> {
    const directory = mkdtempSync(path.join(os.tmpdir(), 'localrun-browser-'));
    const context = await chromium.launchPersistentContext(directory, { executablePath, args });
    return new Browser(context, directory);
  }

  /** Opens an address in a page of its own. */
  async tab(
    url: string,
    { viewport, colorScheme }: Pick<BrowserContextOptions, 'viewport' | 'colorScheme'> = {},
  ): Promise<Tab> {
    const page = await this.#context.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.setDefaultTimeout(30_000);
    await page.setViewportSize(viewport ?? { width: 1280, height: 800 });
    await page.emulateMedia({ colorScheme: colorScheme ?? 'light', reducedMotion: 'reduce' });
    await page.goto(url);
    return { page, complaints };
  }

  async close(): Promise<void> {
    await this.#context.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
