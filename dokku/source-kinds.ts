import type { Remote } from './fetch-guard.ts'

/** Where an app's image comes from. */
export type Source = Commit | Image | RemoteSource

/** A commit of the app's repository; `env` lets git see objects that are still in quarantine. */
export interface Commit {
  readonly kind: 'commit'
  readonly repository: string
  readonly commit: string
  readonly env: Record<string, string>
  /** Where it was fetched from, if it was. */
  readonly origin?: Remote
}

/** An image that exists, here or in a registry. */
export interface Image {
  readonly kind: 'image'
  readonly reference: string
}

/** What a branch, tag or commit of a repository elsewhere is when the build begins; without `ref`, its default branch. */
export interface RemoteSource {
  readonly kind: 'remote'
  readonly remote: Remote
  readonly ref: string | undefined
}
