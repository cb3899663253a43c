import '@/styles.css'
import { MantineProvider } from '@mantine/core'
import { type QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { Suspense } from 'react'
import { LanguageProvider } from '@/i18n/language'
import { Pages } from '@/routes'
import { theme } from '@/theme'

/** Everything that the pages stand on, but the router: that is the browser's, or a test's. */
export function App({ queryClient }: { queryClient: QueryClient }) {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <QueryClientProvider client={queryClient}>
        <Suspense>
          <LanguageProvider>
            <Pages />
          </LanguageProvider>
        </Suspense>
      </QueryClientProvider>
    </MantineProvider>
  )
}
