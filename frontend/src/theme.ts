import { createTheme } from '@mantine/core'

export const theme = createTheme({
  primaryColor: 'teal',
  primaryShade: { light: 9, dark: 6 }, // white on teal 9 and dark on teal 6 both read well
  autoContrast: true,
  defaultRadius: 'md',
  // No fonts of our own: the page loads nothing from elsewhere and shows at once.
  fontFamily:
    'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  // Cooler than Mantine's own greys, so that dark pages match src/styles.css.
  colors: {
    dark: [
      '#d3dae1',
      '#b4bec8',
      '#9aa5b1',
      '#6e7781',
      '#484f58',
      '#343a41',
      '#262c32',
      '#1d2125',
      '#14171a',
      '#0d1013',
    ],
  },
  headings: { fontWeight: '650' },
  respectReducedMotion: true,
  components: {
    // Not by Badge.extend, for which the chat would load it.
    Badge: { defaultProps: { tt: 'none', fw: 600 } },
  },
})
