import { type ComponentProps, useId } from 'react'
import classes from '@/components/text-area.module.css'

interface TextAreaProps extends Omit<ComponentProps<'textarea'>, 'className' | 'dir'> {
  label: string
  /** The label is for those who hear the page; the others see what stands around. */
  labelHidden?: boolean
  description?: string
}

/** A box for text of any script, as high as what is in it. The browser's own: it costs the page nothing. */
export function TextArea({ label, labelHidden = false, description, ...field }: TextAreaProps) {
  const id = useId()
  return (
    <div className={classes.box}>
      <label htmlFor={id} className={labelHidden ? classes.hidden : classes.label}>
        {label}
      </label>
      {description && (
        <p id={`${id}-description`} className={classes.description}>
          {description}
        </p>
      )}
      <textarea
        rows={2}
        {...field}
        id={id}
        className={classes.field}
        dir="auto"
        aria-describedby={description && `${id}-description`}
      />
    </div>
  )
}
