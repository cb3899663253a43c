export const words = {
  title: 'Lineage',
  of: (name: string) => `Lineage of ${name}`,
  lead: 'Tranche → PM → policy → deployment → the comparisons that it earned.',
  columns: {
    tranches: 'Tranches',
    pms: 'PMs',
    policies: 'Policies',
    deployments: 'Deployments',
    earned: 'Earned',
  },
  none: {
    tranches: 'none',
    pms: 'none',
    policies: 'none',
    deployments: 'not deployed',
    earned: 'nothing yet',
  },
  comparisons: (count: number) => `${count.toLocaleString()} comparison${count === 1 ? '' : 's'}`,
  since: (from: string, until: string | null) => (until ? `${from} to ${until}` : `since ${from}`),
  madeFrom: (names: string[]) => `Made from ${names.join(', ')}.`,
  omitted: (count: number) => `${count} older polic${count === 1 ? 'y is' : 'ies are'} not drawn.`,
  earnedHelp:
    'Earned: current choices between two candidates of which at least one came from the deployment. A choice between two deployments is earned by both.',
  whole: 'The iteration',
  choose: 'Choose an iteration or a snapshot: each has a link to its lineage on its page.',
}
