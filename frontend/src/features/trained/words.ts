const count = (value: number) => value.toLocaleString()

export const words = {
  alarm: 'Look at this',
  notEnough: 'Not enough data',
  unknown: 'Unknown',
  newest: (name: string) => `${name} (newest)`,
  iteration: (name: string) => `Iteration ${name}`,
  toIterations: 'Iterations',

  pm: {
    title: 'Preference models',
    lead: 'How often a PM agrees with crowdworkers on comparisons that nobody trained on, where it is right by length alone, how sure it is, and what more comparisons would bring.',
    choose: 'PM',
    unknown: (name: string) => `${name}: never evaluated`,
    none: 'No PM was evaluated yet',
    noneWhy:
      'An iteration trains a PM on all comparisons so far and evaluates it on test families: about one in twenty dialogues, once there is one.',
    right: 'Right',
    interval: (low: string, high: string) => `95 %: ${low} to ${high}`,
    longer: '“Longer wins”',
    beats: ({
      accuracy,
      longer_wins,
      over_longer_p,
    }: {
      accuracy: number
      longer_wins: number
      over_longer_p?: number | null
    }) =>
      over_longer_p == null
        ? 'on the same comparisons'
        : `the PM is ${accuracy >= longer_wins ? 'better' : 'worse'}, p ${over_longer_p < 0.001 ? '< 0.001' : `= ${over_longer_p.toPrecision(2)}`}`,
    loss: 'Loss',
    lossHelp: '0.693 says nothing',
    length: 'Follows length',
    lengthHelp: 'correlation, within comparisons',
    trainedOn: 'Trained on',
    testedOn: (comparisons: number, families: number) =>
      `tested on ${count(comparisons)} of ${count(families)} famil${families === 1 ? 'y' : 'ies'}`,
    evaluated: (day: string) => `By its newest evaluation, of ${day}.`,
    groups: {
      right: {
        title: 'Where it is right',
        lead: 'The same test comparisons, divided in five ways. Beside each point stands what “the longer response wins” reaches there.',
      },
      sure: {
        title: 'How sure it is',
        lead: 'A policy is optimised against the scores themselves, not against their order: gaps must mean what they say, and must still mean it at the high end.',
      },
      scores: {
        title: 'What it scores',
        lead: 'The scores of the test candidates, those that were chosen and those that were rejected.',
      },
      weeks: {
        title: 'Over the weeks',
        lead: 'All PMs together: whether comparisons still help, and of which task.',
      },
    },
  },

  policy: {
    title: 'Policies',
    lead: 'How far each training moved its policy from the initial one, what it gained for that by its PM, and whether another PM and crowdworkers agree.',
    choose: 'Training of',
    unknown: 'An iteration without a policy',
    none: 'No policy was trained yet',
    noneWhy: 'An iteration trains one against its new PM; its curves appear here while it runs.',
    learned: (steps?: number | null, kl?: number | null) =>
      steps == null
        ? 'Its snapshot is not made yet.'
        : `Learned in ${count(steps)} steps${kl == null ? '' : `, ${kl.toFixed(2)} nats per response from the initial policy`}.`,
    statuses: {
      queued: 'Waiting',
      running: 'Running',
      succeeded: 'Finished',
      failed: 'Failed',
      cancelled: 'Cancelled',
      lost: 'To be taken up again',
    },
    groups: {
      distance: {
        title: 'Score and distance',
        lead: 'The first sign of over-optimisation is a score that costs more and more distance, or that no other PM confirms.',
      },
      course: {
        title: 'What became of the responses',
        lead: 'A score can be earned by length, by repetition or by refusing. Here it shows.',
      },
      people: {
        title: 'The policies beside each other',
        lead: 'What each gained on each task by its PM, and how often crowdworkers preferred it to the initial policy.',
      },
    },
  },
}
