import { gzipSync } from 'node:zlib'
import type { Plugin, Rollup } from 'vite'

// What the chat page fetches by itself as soon as it opens, beside what index.html names.
const FETCHED_AT_ONCE = [/src\/i18n\/(en|ko)\/(shared|chat)\.ts$/, /src\/components\/markdown-tokens\.tsx$/]

/** Fails the build when the script of the chat page's first paint is, compressed, larger than this many bytes. */
export function firstPaint(limit: number): Plugin {
  return {
    name: 'first-paint',
    apply: 'build',
    // Last of all: other plugins still write into the entry.
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const chunks = Object.values(bundle).filter(
          (file): file is Rollup.OutputChunk => file.type === 'chunk',
        )
        const sizes = (['en', 'ko'] as const).map((language) => {
          const roots = chunks.filter(
            ({ isEntry, facadeModuleId }) =>
              isEntry ||
              (facadeModuleId !== null &&
                FETCHED_AT_ONCE.some((pattern) => {
                  const found = pattern.exec(facadeModuleId)
                  return found !== null && (found[1] ?? language) === language
                })),
          )
          const loaded = withImports(roots, bundle)
          return [...loaded].reduce((total, chunk) => total + gzipSync(chunk.code).length, 0)
        })
        const size = Math.max(...sizes)
        const told = `The chat page's first paint: ${(size / 1000).toFixed(1)} kB of compressed script, of ${limit / 1000} kB.`
        if (size > limit) this.error(told)
        this.info(told)
      },
    },
  }
}

/** These chunks and all that they import, but not what they import later. */
function withImports(roots: Rollup.OutputChunk[], bundle: Rollup.OutputBundle): Set<Rollup.OutputChunk> {
  const all = new Set(roots)
  for (const chunk of all) {
    for (const name of chunk.imports) {
      const imported = bundle[name]
      if (imported?.type === 'chunk') all.add(imported)
    }
  }
  return all
}
