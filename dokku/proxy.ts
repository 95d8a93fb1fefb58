import type { Upstream, WantedSite } from '#nginx'
import type { App } from './app.ts'

/** What is to be served of an app: its site, and where the requests of each of its routes go. */
export interface Served {
  readonly site: WantedSite
  readonly routes: Readonly<Record<string, readonly Upstream[]>>
  /** Why there is nowhere to go yet, for whoever asks meanwhile. */
  readonly because?: 'deploying'
}

/**
 * What stands between the world and apps. One file in `proxies/` each; `proxies.ts` lists them. Readiness is asked for by the
 * appliance whoever serves, as nobody else reaches an app.
 */
export interface ProxyDriver {
  readonly name: string
  readonly summary: string

  /** Serves an app as it is wanted, in place of what it served of it; a route that switches fails no request. Answers in words what is not served. A UserError leaves everything as it was. */
  serve(app: App, wanted: Served): Promise<readonly string[]>

  /** What `serve` would answer or throw; changes nothing. */
  check(app: App, wanted: Served): Promise<readonly string[]>

  /** Serves an app no more; one that it never served is no error. */
  leave(app: App): Promise<void>

  /** Its configuration of an app, for people; empty where there is none. */
  show(app: App): Promise<string>

  /** Resolves once no request is on its way to these upstreams, which no route names any more, or after `timeoutMs`. */
  drain(app: App, upstreams: readonly Upstream[], timeoutMs: number): Promise<void>
}
