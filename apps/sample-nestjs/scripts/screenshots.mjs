// Makes pictures of all pages in `screenshots`: wide, narrow and dark; those of the root README in docs/images. Needs a build.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import chromium from '@sparticuz/chromium';
import { chromium as playwright } from 'playwright-core';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const images = fileURLToPath(new URL('../screenshots/', import.meta.url));
const shown = fileURLToPath(new URL('../../../docs/images/', import.meta.url));
for (const folder of [images, shown]) mkdirSync(folder, { recursive: true });

const app = spawn(process.execPath, [main], {
  env: { ...process.env, PORT: '0' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const origin = await new Promise((resolve, reject) => {
  app.once('exit', () => reject(new Error('The application ended.')));
  app.stdout.on('data', (text) => /Open (\S+)/.exec(text) && resolve(/Open (\S+)/.exec(text)[1]));
});
const browser = await playwright.launch({
  executablePath: process.env.PLAYWRIGHT_CHROMIUM ?? (await chromium.executablePath()),
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--font-render-hinting=none',
  ],
});

const looks = {
  wide: { viewport: { width: 1200, height: 800 } },
  narrow: { viewport: { width: 375, height: 720 }, isMobile: true, deviceScaleFactor: 2 },
  dark: { viewport: { width: 1200, height: 800 }, colorScheme: 'dark' },
};

try {
  for (const [look, options] of Object.entries(looks)) {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    const shoot = (name) => page.screenshot({ path: `${images}${name}-${look}.png`, fullPage: true });
    await page.goto(`${origin}/account`);
    await shoot('sign-in');
    // Another address for each look: few wrong passwords are let through for one.
    await signIn(page, 'Cryptlex', `${look}@example.com`, 'not-the-password');
    await shoot('sign-in-problem');
    await signIn(page, 'Cryptlex', 'factor@example.com', 'sample-password-2');
    await shoot('second-factor');
    await page.goto(`${origin}/sign-in`);
    await signIn(page, 'Cryptlex', 'demo@example.com', 'sample-password-1');
    await shoot('account-cryptlex');
    await page.goto(`${origin}/downloads`);
    await shoot('downloads');
    await page.goto(`${origin}/docs`);
    await page.waitForLoadState('networkidle');
    await shoot('docs');
    await page.goto(`${origin}/nope`);
    await shoot('not-found');
    await page.goto(`${origin}/account`);
    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await signIn(page, 'LCLXchange', 'demo@example.com', 'sample-password-1');
    await shoot('account-lclx');
    await context.close();
  }
  for (const name of ['account-cryptlex-wide', 'sign-in-problem-dark'])
    copyFileSync(`${images}${name}.png`, `${shown}${name}.png`);
} finally {
  await browser.close();
  app.removeAllListeners('exit');
  app.kill('SIGTERM');
  await once(app, 'exit');
}

async function signIn(page, provider, email, password) {
  await page.getByLabel(provider).check();
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}
