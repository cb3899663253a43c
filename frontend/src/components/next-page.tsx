import { Button } from '@mantine/core'
import { ProblemAlert } from '@/components/problem-alert'

interface Pages {
  hasNextPage: boolean
  isFetchingNextPage: boolean
  isFetchNextPageError: boolean
  error: Error | null
  fetchNextPage: () => unknown
}

/** Below a list that comes page by page: the next one, while there is one. */
export function NextPage({ query, label }: { query: Pages; label: string }) {
  return (
    <>
      <ProblemAlert error={query.isFetchNextPageError ? query.error : null} />
      {query.hasNextPage && (
        <Button
          variant="default"
          w="fit-content"
          loading={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          {label}
        </Button>
      )}
    </>
  )
}
