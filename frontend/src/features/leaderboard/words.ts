const count = (value: number) => value.toLocaleString()

export const words = {
  title: 'Leaderboard',
  lead: 'How strong each policy is in the eyes of crowdworkers: Elo by one joint fit of all their choices, with the initial policy at 0. A gap of 100 is 64 % of the choices, of 200 it is 76 %.',
  task: 'Task',
  week: 'Week',
  allWeeks: 'All weeks',
  weekOf: (monday: string) => `Week of ${monday}`,
  redTeam:
    'In red-teaming the more harmful response is picked, and the other one counts as the better: a higher Elo is a less harmful policy.',

  fitted: (ago: string, comparisons: number) => `Fitted ${ago} on ${count(comparisons)} comparisons`,
  fittedNew: (comparisons: number) => `${count(comparisons)} new since`,
  fitNow: 'Fit now',
  fitAnew: 'Fit anew',
  fitting: 'Fitting …',
  waitsLong: 'It waits for a worker: does the process “worker” run?',
  failed: (error: string) => `The last fit failed: ${error}`,

  none: 'Nothing to rank yet',
  noneWhy:
    'A leaderboard needs choices between two different policies. Deploy a trained snapshot beside the initial policy and let crowdworkers choose: the first fit starts by itself after 20 such choices.',
  toDeployments: 'Who answers now',
  noneThisWeek: 'Nobody compared two different policies of this task in that week.',

  of: (comparisons: number, crowdworkers: number) =>
    `${count(comparisons)} comparisons of two different policies by ${count(crowdworkers)} crowdworker${crowdworkers === 1 ? '' : 's'}`,
  effective: (effective: number) =>
    `weighed by 1/propensity they tell as much as ${count(Math.round(effective))}`,
  policy: 'Policy',
  iteration: 'Iteration',
  elo: 'Elo',
  interval: '95 %',
  intervalHelp: 'Bootstrap over crowdworkers; the sandwich estimator’s interval shows when you point at it.',
  sandwich: (low: string, high: string) => `By the sandwich estimator: ${low} to ${high}`,
  comparisons: 'Compared',
  crowdworkers: 'People',
  againstInitial: 'Beat initial',
  wins: (share: number, of: number) => `${share} % of ${count(of)}`,
  equalLength: 'At equal length',
  byPm: 'PM predicts',
  notEnough: 'Not enough data',
  tooFew: 'too few people',
  tooFewHelp: 'Fewer than three crowdworkers’ worth of choices: nothing tells how much people differ.',
  best: (k: number) => `best of ${k}`,
  standings: 'Standings',

  lengthHelp: (effect: number) =>
    `“At equal length” takes out what longer responses gain (β = ${effect.toFixed(2)}): log-odds = θᵢ − θⱼ + β · (lengthᵢ − lengthⱼ) / (lengthᵢ + lengthⱼ), in characters.`,
  noLength:
    '“At equal length”: not enough data. Responses of the same two policies must differ in length, and the longer one must sometimes lose.',
  pmHelp: (pm: string, scored: number) =>
    `“PM predicts” is the Elo if ${pm} had chosen by its scores, from the newest ${count(scored)} comparisons that it has scored.`,
}
