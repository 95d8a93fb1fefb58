export type { BuildDriver, BuildLimits, BuildRequest, Registries, Source } from './driver.ts'
export { resolveImage } from './drivers/image.ts'
export { drivers, selectDriver } from './drivers.ts'
export { prepareLimits } from './limits.ts'
