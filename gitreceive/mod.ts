export { type Checkout, type CheckoutLimits, checkout, submodules } from './checkout.ts'
export { checkUnmoved, type Deploy, decide, type Policy, parseUpdates, type RefUpdate } from './policy.ts'
export { copyRefs, currentCommit, type Repositories, type RepositoryOptions, repositories } from './repository.ts'
export { hookEnvironment, parseService, type Service, type ServiceName, serviceCommand } from './service.ts'
