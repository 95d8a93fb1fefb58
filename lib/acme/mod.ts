/** Certificates by themselves: a client for authorities that speak ACME (RFC 8555, RFC 8738, RFC 9773, profiles). */
export { type Account, type Authority, type Conversation, converse, type Registration, type RenewalInfo } from './client.ts'
export { newAccountKey } from './jws.ts'
export { type Order, obtain, type Solvers } from './order.ts'
export { AcmeError } from './problem.ts'
export { renewalId } from './renewal.ts'
