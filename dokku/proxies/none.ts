import type { ProxyDriver } from '../proxy.ts'

/** Nobody: for apps without a web process, and those that somebody else leads to. */
export const none: ProxyDriver = {
  name: 'none',
  summary: 'nothing is served',
  serve: async () => [],
  check: async () => [],
  leave: async () => {},
  show: async () => '',
  drain: async () => {},
}
