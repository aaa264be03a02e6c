import { defineConfig } from '@playwright/test';

// Without this variable, the browser that `npx playwright install chromium` brought.
const executablePath = process.env.BRASSKEY_CHROMIUM;

export default defineConfig({
  reporter: 'line',
  use: { launchOptions: executablePath ? { executablePath, args: ['--no-sandbox'] } : {} },
});
