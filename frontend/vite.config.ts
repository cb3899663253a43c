import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'
import { compress } from './compress.ts'
import { firstPaint } from './first-paint.ts'

export default defineConfig({
  plugins: [react(), firstPaint(150_000), compress()],
  resolve: { alias: { '@': `${import.meta.dirname}/src` } },
  build: {
    // The page is served under a policy of "self only": no file may become a data: address.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 600,
    modulePreload: { polyfill: false }, // every browser that runs the rest knows it
    rolldownOptions: {
      output: {
        // What changes with a version of ours and what does not are apart, and compress better than in many pieces.
        codeSplitting: {
          groups: [
            { name: 'libraries', test: /node_modules\/(react|react-dom|scheduler|react-router|@tanstack)\// },
            // Small ones that every page shows; each in a file of its own would cost more than it holds.
            { name: 'shown-everywhere', test: /@mantine\/core\/esm\/components\/(Text|Title|Paper)\// },
          ],
        },
      },
    },
  },
  server: { proxy: { '/api': 'http://127.0.0.1:8000' } },
  test: {
    environment: 'jsdom',
    setupFiles: './src/testing/setup.ts',
    css: false,
    restoreMocks: true,
    testTimeout: 60_000,
    // The default leaves one core to others, and that is half of a small machine.
    maxWorkers: '100%',
    // Each file has a page of its own, but not its own copy of every library: that would cost more than the tests do.
    isolate: false,
  },
})
