import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Where `longshore up` listens unless told otherwise. */
const SERVER = 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2022',
    // The Content-Security-Policy allows no data: URLs beyond images, and files are cached for good by their hash.
    assetsInlineLimit: 0,
    // Every browser of the target knows <link rel="modulepreload">.
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: Object.fromEntries(
      ['/api', '/auth', '/docs', '/openapi', '/health', '/metrics'].map((path) => [path, SERVER]),
    ),
  },
});
