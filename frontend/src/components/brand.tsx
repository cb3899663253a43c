import { Link } from 'react-router'
import classes from '@/components/brand.module.css'
import { words } from '@/components/words'

/** The mark and the name; on a phone the mark alone. */
export function Brand() {
  return (
    <Link to="/" className={classes.brand} aria-label={words.brand}>
      <img src="/favicon.svg" alt="" width={28} height={28} />
      <span className={classes.name}>{words.brand}</span>
    </Link>
  )
}
