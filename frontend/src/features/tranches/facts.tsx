import { ScrollArea, Table, Text } from '@mantine/core'
import type { Datasheet, Facts, Spread } from '@/api/types'
import { Shares } from './shares'
import classes from './tranches.module.css'
import { words } from './words'

interface FactsProps {
  sheet: Datasheet
  facts: Facts
}

/** Tasks with the versions of their texts, and what was answered to them. */
export function Asked({ sheet, facts }: { sheet: Datasheet; facts: Facts | null }) {
  const { comparisons } = sheet
  return (
    <>
      {facts?.texts
        .filter(({ version }) => version !== null)
        .map(({ task, version, question }) => (
          <Text size="sm" key={`${task}-${version}`}>
            <strong>
              {task}, {words.version(version ?? 0)}:
            </strong>{' '}
            {question}
          </Text>
        ))}
      <Shares
        title={words.comparisons}
        rows={sheet.by_task.map((task) => [task.slug, task.comparisons])}
        of={comparisons}
      />
      <Shares title={words.strength} rows={named(sheet.by_strength, words.strengths)} of={comparisons} />
      {facts && (
        <>
          <Shares
            title={words.directions}
            rows={named(facts.by_direction, words.direction)}
            of={comparisons}
          />
          <Shares
            title={words.turn}
            rows={Object.entries(facts.by_turn)
              .sort((a, b) => Number(a[0]) - Number(b[0]))
              .map(([turn, count]) => [words.nthTurn(turn), count])}
            of={comparisons}
          />
          <Shares title={words.split} rows={named(facts.by_split, words.splits)} of={comparisons} />
        </>
      )}
    </>
  )
}

/** People as places of a ranking, never as names; or the files that it came from. */
export function Who({ sheet, facts }: FactsProps) {
  const { count, largest, of_nobody } = facts.crowdworkers
  const ofPeople = sheet.comparisons - of_nobody
  const rest = ofPeople - largest.reduce((sum, one) => sum + one, 0)
  const places: [string, number][] = largest.map((one, at) => [words.nth(at + 1), one])
  if (count > largest.length) places.push([words.others(count - largest.length), rest])
  return (
    <>
      {count > 0 && (
        <>
          <Text size="sm">{words.crowdworkers(count)}</Text>
          <Shares title={words.largest} rows={places} of={sheet.comparisons} />
          <Line name={words.seconds}>{spread(facts.seconds_to_choose)}</Line>
          <Line name={words.firstPicked}>{words.percent(facts.first_picked, sheet.comparisons)}</Line>
        </>
      )}
      {of_nobody > 0 && <Text size="sm">{words.ofFiles(of_nobody)}</Text>}
      {facts.imports.map((one) => (
        <div key={one.sha256}>
          <Text size="sm">
            <strong>{one.file}</strong>: {one.comparisons.toLocaleString()}
          </Text>
          <Text size="sm" c="dimmed" className={classes.hash}>
            {words.digest} {one.sha256}
          </Text>
        </div>
      ))}
    </>
  )
}

export function Met({ facts }: { facts: Facts }) {
  return (
    <>
      {facts.pairs.length > 0 && (
        <ScrollArea.Autosize mah={420} viewportProps={{ tabIndex: 0 }}>
          <Table verticalSpacing={6} className={classes.numbers}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{words.policies}</Table.Th>
                <Table.Th ta="end">{words.comparisons}</Table.Th>
                <Table.Th ta="end" title={words.propensityHelp}>
                  {words.propensity}
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {facts.pairs.map(({ policies, comparisons, propensity }) => (
                <Table.Tr key={policies.join(' ')}>
                  <Table.Th scope="row">{pair(policies)}</Table.Th>
                  <Table.Td ta="end">{comparisons.toLocaleString()}</Table.Td>
                  <Table.Td ta="end">{range(propensity)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </ScrollArea.Autosize>
      )}
      {facts.pairs_more > 0 && (
        <Text size="sm" c="dimmed">
          {words.more(facts.pairs_more, facts.comparisons_more)}
        </Text>
      )}
      {facts.of_no_two_policies > 0 && <Text size="sm">{words.noTwo(facts.of_no_two_policies)}</Text>}
    </>
  )
}

/** How long its texts are, and in which script they are. */
export function Written({ sheet, facts }: FactsProps) {
  const unequal = sheet.comparisons - facts.equally_long
  return (
    <>
      <ScrollArea viewportProps={{ tabIndex: 0 }}>
        <Table verticalSpacing={6} className={`${classes.numbers} ${classes.short}`}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{words.characters}</Table.Th>
              <Table.Th ta="end">{words.p5}</Table.Th>
              <Table.Th ta="end">{words.median}</Table.Th>
              <Table.Th ta="end">{words.p95}</Table.Th>
              <Table.Th ta="end">{words.most}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {Object.entries(facts.lengths).map(
              ([what, of]) =>
                of && (
                  <Table.Tr key={what}>
                    <Table.Th scope="row">{words.lengths[what]}</Table.Th>
                    {[of.p5, of.p50, of.p95, of.most].map((value, at) => (
                      // biome-ignore lint/suspicious/noArrayIndexKey: they never change their order, and may be equal
                      <Table.Td ta="end" key={at}>
                        {value.toLocaleString()}
                      </Table.Td>
                    ))}
                  </Table.Tr>
                ),
            )}
          </Table.Tbody>
        </Table>
      </ScrollArea>
      <Line name={words.longer}>
        {unequal > 0 ? words.percent(facts.longer_chosen, unequal) : words.notEnough}
      </Line>
      <Shares
        title={words.script}
        rows={Object.entries(facts.scripts).map(([name, count]) => [words.scripts(name), count])}
        of={sheet.conversations}
      />
    </>
  )
}

function Line({ name, children }: { name: string; children: string }) {
  return (
    <Text size="sm">
      <Text span inherit c="dimmed">
        {name}:
      </Text>{' '}
      {children}
    </Text>
  )
}

function named(counts: Record<string, number>, names: Record<string, string>): [string, number][] {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([key, count]) => [names[key] ?? key, count])
}

function spread(of: Spread | null): string {
  if (!of) return words.notEnough
  const number = (value: number) => value.toLocaleString()
  return `${words.median.toLowerCase()} ${number(of.p50)}, 90 % from ${number(of.p5)} to ${number(of.p95)}`
}

function pair([one, other]: string[]): string {
  return one === other ? `${one} ${words.itself}` : `${one} · ${other}`
}

function range(propensity: number[] | null): string {
  if (!propensity) return '–'
  const [low, high] = propensity.map((value) =>
    value.toLocaleString(undefined, { maximumSignificantDigits: 3 }),
  )
  return low === high ? `${low}` : `${low} to ${high}`
}
