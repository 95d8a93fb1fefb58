import type { Output } from '#lib/output.ts'

/** Who does something, and where its lines go. */
export interface By {
  user: string
  output: Output
  /** Aborted before the release is stored, the work is given up. */
  signal?: AbortSignal | undefined
  /** Is told how far a build is, and the version it will have. */
  stage?: (stage: 'waiting' | 'building' | 'deploying', version?: number) => void
}
