import { Link } from 'react-router'
import classes from '@/components/brand.module.css'
import { useWords } from '@/i18n/language'

/** The mark and the name; on a phone the mark alone. */
export function Brand() {
  const words = useWords().shared
  return (
    <Link to="/" className={classes.brand} aria-label={words.brand}>
      <img src="/favicon.svg" alt="" width={28} height={28} />
      <span className={classes.name}>{words.brand}</span>
    </Link>
  )
}
