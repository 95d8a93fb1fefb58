import { type Manifest, plainManifest } from './manifest.ts'

/** An image with what its source said about running it. */
export interface Built {
  image: string
  /** The driver that built it; Dokku's word `null` where none did. */
  builder: string
  revision: string
  manifest: Manifest
  description: string
}

/** Before there is any. */
export const nothingBuilt: Built = { image: '', builder: '', revision: '', manifest: plainManifest, description: '' }
