/** How the stages of a week are called, by their names in the API. */
export const stageNames: Record<string, string | undefined> = {
  freeze_tranche: 'Freeze tranche',
  train_pm: 'Train PM',
  evaluate_pm: 'Evaluate PM',
  train_policy: 'Train policy',
  evaluate_policy: 'Evaluate policy',
  gate: 'Gate',
  deploy: 'Deploy',
}
