import type { Manifest } from './manifest.ts'

/** An image with what its source said about running it. */
export interface Built {
  image: string
  /** The driver that built it; Dokku's word `null` where none did. */
  builder: string
  revision: string
  manifest: Manifest
  description: string
}
