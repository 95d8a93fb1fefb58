import { lineStream } from '#lib/line-stream.ts'
import type { Output } from '#lib/output.ts'
import type { Source } from './source-kinds.ts'

/** Who does something, and where its lines go. */
export interface By {
  user: string
  output: Output
  /** Aborted before the release is stored, the work is given up. */
  signal?: AbortSignal | undefined
  /** Is told how far a build is, and the version it will have. */
  stage?: (stage: 'waiting' | 'building' | 'deploying', version?: number) => void
  /** Is told what a build is about, where that was not known when it was asked for. */
  about?: (source: Source) => void
}

/** What plugins print while they are asked belongs to the output of the build. */
export function heard({ output, signal }: Pick<By, 'output' | 'signal'>) {
  return { stdout: lineStream(output.line), stderr: lineStream(output.line), ...(signal === undefined ? {} : { signal }) }
}
