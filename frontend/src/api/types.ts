import type { components } from '@/api/schema'

type Schemas = components['schemas']

export type Role = Schemas['Account']['role']
export type Session = Schemas['Session']
export type Invitation = Schemas['Invitation']

export type Task = Schemas['Task']
export type Assignment = Schemas['Assignment']
export type Conversation = Schemas['Conversation']
export type Turn = Schemas['Turn']
export type Candidate = Schemas['Candidate']
export type Shown = Candidate['shown']
export type Completion = Schemas['Completion']

export type Overview = Schemas['Overview']
export type Preset = Schemas['Preset']
export type Estimate = Schemas['Estimate']
export type Iteration = Schemas['Iteration']
export type Stage = Schemas['Stage']
export type Overrides = Schemas['Start']['overrides'] & object
export type Schedule = Schemas['ScheduleAnswer']
export type ScheduleChange = Schemas['Schedule']
export type Snapshot = Schemas['Snapshot']
export type Generation = Schemas['Generation']
export type Share = Schemas['DeploymentLine']
export type FigureEntry = Schemas['FigureEntry']
export type Figure = Schemas['Figure']
