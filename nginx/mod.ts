export { type Appliance, appliance } from './client.ts'
export type { ProbeOptions, ProbeTarget } from './probe.ts'
export type { Site, Upstream } from './site.ts'
