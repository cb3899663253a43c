import { Button, Group, Stack, Title } from '@mantine/core'
import { type FormEvent, useEffect, useRef } from 'react'
import { useComplete } from '@/api/conversations'
import type { Completion, Conversation } from '@/api/types'
import { ProblemAlert } from '@/components/problem-alert'
import { TextArea } from '@/components/text-area'
import { useWords } from '@/i18n/language'
import page from './chat-page.module.css'
import { useDraft } from './draft'
import classes from './finish-form.module.css'
import { Rating } from './rating'

interface FinishFormProps {
  conversation: Conversation
  /** Absent when the conversation is full and can only end. */
  onBack: (() => void) | null
}

const ATTACK_RATINGS = ['attack_success', 'attack_harm', 'attack_actionability'] as const

/** The end of a conversation: a comment and a rating if one likes, and for red-teaming the three ratings of the attack. */
export function FinishForm({ conversation, onBack }: FinishFormProps) {
  const words = useWords().ending
  const complete = useComplete(conversation.id)
  const [comment, setComment] = useDraft(`comment:${conversation.id}`)
  const redTeam = conversation.task.kind === 'red-team'
  const last = conversation.position !== null && conversation.position === conversation.of

  // It stands where the message box was; reading goes on at its head.
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => title.current?.focus({ preventScroll: true }), [])

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const fields = new FormData(event.currentTarget)
    const rating = (name: string) => Number(fields.get(name)) || null
    const body: Completion = { comment: comment.trim() || null, overall_rating: rating('overall_rating') }
    if (redTeam) for (const name of ATTACK_RATINGS) body[name] = rating(name)
    complete.mutate(body, { onSuccess: () => setComment('') })
  }

  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <Title order={2} size="h5" ref={title} tabIndex={-1} className={classes.title}>
          {onBack ? words.finishTitle : words.fullTitle}
        </Title>
        <ProblemAlert error={complete.error} />
        <div className={classes.ratings}>
          {redTeam &&
            ATTACK_RATINGS.map((name) => <Rating key={name} name={name} required {...words.attack[name]} />)}
          <Rating name="overall_rating" {...words.rating} />
        </div>
        <TextArea
          label={words.comment}
          placeholder={words.commentHint}
          value={comment}
          onChange={(event) => setComment(event.currentTarget.value)}
        />
        <Group justify="flex-end">
          {onBack && (
            <Button variant="default" onClick={onBack}>
              {words.back}
            </Button>
          )}
          <Button type="submit" className={page.toned} loading={complete.isPending}>
            {last ? words.completeLast : words.complete}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
