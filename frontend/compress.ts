import { readFileSync, writeFileSync } from 'node:fs'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

const TOO_SMALL = 1024 // bytes: one packet either way

/** Writes each asset compressed beside itself: the web process only chooses a file (app/pages.py). */
export function compress(): Plugin {
  return {
    name: 'compress',
    apply: 'build',
    writeBundle({ dir }, bundle) {
      for (const name of Object.keys(bundle)) {
        if (!/^assets\/.*\.(js|css|svg)$/.test(name)) continue
        const content = readFileSync(`${dir}/${name}`)
        if (content.length < TOO_SMALL) continue
        writeFileSync(`${dir}/${name}.br`, brotliCompressSync(content)) // its default is the smallest
        writeFileSync(`${dir}/${name}.gz`, gzipSync(content, { level: 9 }))
      }
    },
  }
}
