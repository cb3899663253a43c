/** What the shared components say. Each feature has a catalogue of its own beside it. */
export const words = {
  tryAgain: 'Try again',
  loading: 'Loading…',
  cancel: 'Cancel',
  close: 'Close',
  copy: 'Copy',
  copied: 'Copied',
  brand: 'Turnwise',
  notFound: 'There is nothing at this address.',
  home: 'Back to the start page',
  crashed: 'This page has stopped working. Nothing you have sent is lost.',
  reload: 'Load the page again',
  image: (alt: string) => `Image: ${alt}`,
}
