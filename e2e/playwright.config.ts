import { existsSync } from "node:fs";
import { defineConfig } from "@playwright/test";
import { python } from "./native";

// The system's browser if there is one; Playwright's own otherwise (`npx playwright install chromium`).
const browsers = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const executablePath = process.env.CHROMIUM ?? browsers.find((path) => existsSync(path));
const port = Number(process.env.E2E_PORT ?? 8765);

export default defineConfig({
  testDir: ".",
  testMatch: "*.spec.ts",
  globalSetup: "./setup.ts",
  outputDir: "artifacts/failures",
  workers: 2,
  fullyParallel: false,
  timeout: 90_000,
  expect: { timeout: 30_000 },
  reporter: [["list"]],
  use: {
    actionTimeout: 20_000,
    baseURL: `http://localhost:${port}/`,
    launchOptions: {
      ...(executablePath ? { executablePath } : {}),
      args: [
        "--no-sandbox",
        "--enable-unsafe-webgpu",
        "--use-webgpu-adapter=swiftshader",
        "--enable-features=Vulkan",
        "--ignore-gpu-blocklist",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--disable-quic",
      ],
    },
  },
  webServer: {
    command: `${python} -m pyflow playground --port ${port}`,
    cwd: "..",
    url: `http://localhost:${port}/`,
    reuseExistingServer: false,
  },
});
