import { Paper, Text } from '@mantine/core'
import type { Sheet, SheetAnswer, SheetColumn } from '@/api/types'
import classes from './improvement.module.css'
import { words } from './words'

/** A column per week, a row per prompt. On a phone each prompt is followed by its weeks. */
export function SheetTable({ sheet }: { sheet: Sheet }) {
  return (
    <Paper
      withBorder
      radius="lg"
      component="section"
      aria-label={words.sheet}
      tabIndex={0}
      className={classes.frame}
    >
      <table className={classes.sheet}>
        <thead>
          <tr>
            <th scope="col">{words.prompt}</th>
            {sheet.columns.map((column) => (
              <th key={column.name} scope="col">
                <ColumnHead column={column} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sheet.rows.map((row) => (
            <tr key={row.prompt.map((said) => said.content).join('\n')}>
              <th scope="row">
                <Prompt said={row.prompt} />
              </th>
              {sheet.columns.map((column, at) => (
                <td key={column.name} data-week={words.week(column.number, column.name)}>
                  <Cell answer={row.answers[at] ?? null} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Paper>
  )
}

function Prompt({ said }: { said: Sheet['rows'][number]['prompt'] }) {
  const last = said.length - 1
  return said.map(({ role, content }, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: what was said keeps its order, and may be equal
    <div key={at} dir="auto" className={at < last ? classes.earlier : undefined}>
      {at < last && `${role === 'user' ? words.human : words.assistant}: `}
      {content}
    </div>
  ))
}

function ColumnHead({ column }: { column: SheetColumn }) {
  const held = column.status && column.status !== 'deployed' ? `, ${words.statuses[column.status]}` : ''
  return (
    <>
      {words.week0.replace('0', String(column.number))}
      <Text span display="block" size="sm" c="dimmed" fw={400}>
        {column.number === 0 ? words.initial : `${column.name}${held}`}
        <br />
        {words.elo} {eloOf(column)}
      </Text>
    </>
  )
}

export function eloOf({ elo }: SheetColumn): string {
  if (!elo) return words.noElo
  const whole = (value: number) => Math.round(value).toLocaleString().replace('-', '−')
  if (elo.low == null || elo.high == null) return whole(elo.elo)
  return words.eloRange(whole(elo.elo), whole(elo.low), whole(elo.high))
}

export function gainOf(answer: SheetAnswer): string | null {
  if (answer.gain == null) return null
  return `${answer.gain >= 0 ? '+' : '−'}${Math.abs(answer.gain).toFixed(2)}`
}

function Cell({ answer }: { answer: SheetAnswer | null }) {
  if (!answer) {
    return (
      <Text size="sm" c="dimmed" fs="italic">
        {words.notAsked}
      </Text>
    )
  }
  const gain = gainOf(answer)
  return (
    <>
      <div dir="auto">{answer.text.trim() || words.empty}</div>
      {gain && (
        <Text
          size="sm"
          mt={6}
          className={classes.gain}
          data-better={(answer.gain ?? 0) >= 0}
          title={words.gainHelp}
        >
          {words.gain(gain)}
        </Text>
      )}
    </>
  )
}
