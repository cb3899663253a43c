import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { BrowserRouter } from 'react-router'
import { makeQueryClient } from '@/api/query-client'
import { keepTabsTogether } from '@/api/tabs'
import { App } from '@/app'

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')

// Also the words of the page may be what could not be fetched; these are here.
const onUncaughtError = () => {
  root.textContent = 'Turnwise cannot be loaded. Please load the page again. 페이지를 다시 불러와 주세요.'
}

const queryClient = makeQueryClient()
keepTabsTogether(queryClient)

createRoot(root, { onUncaughtError }).render(
  <StrictMode>
    <BrowserRouter>
      <App queryClient={queryClient} />
    </BrowserRouter>
  </StrictMode>,
)
