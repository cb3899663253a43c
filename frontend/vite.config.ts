import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'
import { compress } from './compress'

export default defineConfig({
  plugins: [react(), compress()],
  resolve: { alias: { '@': `${import.meta.dirname}/src` } },
  build: {
    // The page is served under a policy of "self only": no file may become a data: address.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 600,
  },
  server: { proxy: { '/api': 'http://127.0.0.1:8000' } },
  test: {
    environment: 'jsdom',
    setupFiles: './src/testing/setup.ts',
    css: false,
    restoreMocks: true,
    testTimeout: 20_000,
  },
})
