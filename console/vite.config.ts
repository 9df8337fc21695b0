import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

/** Where `longshore up` listens unless told otherwise. */
const SERVER = 'http://127.0.0.1:8080';

/** Below this a file fits into a packet or two as it is. */
const WORTH_COMPRESSING_BYTES = 1024;

/** Puts `x.br` and `x.gz` beside each file, so that the server never compresses anything while somebody waits. */
function precompress(): Plugin {
  return {
    name: 'longshore:precompress',
    apply: 'build',
    // Of the files as they were written: plugins change the bundle until the last moment.
    async writeBundle({ dir = 'dist' }, bundle) {
      for (const name of Object.keys(bundle)) {
        const file = path.join(dir, name);
        const content = await readFile(file);
        if (content.length < WORTH_COMPRESSING_BYTES) continue;
        await writeFile(`${file}.br`, await promisify(brotliCompress)(content));
        await writeFile(`${file}.gz`, await promisify(gzip)(content, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), precompress()],
  build: {
    target: 'es2022',
    // The Content-Security-Policy allows no data: URLs beyond images, and files are cached for good by their hash.
    assetsInlineLimit: 0,
    // Every browser of the target knows <link rel="modulepreload">.
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        // What changes with upgrades only keeps its hash, and with it its place in browsers' caches, over releases.
        codeSplitting: {
          groups: [
            { name: 'react', test: /node_modules[\\/](react|react-dom|scheduler)[\\/]/ },
            { name: 'framework', test: /node_modules[\\/](@tanstack|i18next|react-i18next|openapi-fetch)[\\/]/ },
          ],
        },
      },
    },
  },
  server: {
    proxy: {
      ...Object.fromEntries(
        ['/api', '/auth', '/docs', '/openapi', '/health', '/metrics'].map((path) => [path, SERVER]),
      ),
      '/v1': { target: SERVER, ws: true },
    },
  },
});
