import * as z from 'zod'
import type { Engine } from './engine.ts'
import { ok } from './programs.ts'

const usage = z.object({ BuildCache: z.array(z.object({ Description: z.string() })) })

/** A tree whose build leaves a small step in the cache and one of 5 MB on top of it, and whose deploy fails. */
export function heavy(word: string): Record<string, string> {
  return {
    Dockerfile: `FROM debian:trixie-slim\nRUN echo small > /${word}.small\nRUN head -c 5000000 /dev/urandom > /${word}.large\nCMD ["false"]\n`,
  }
}

/** Which of the steps of `heavy` the engine's build cache holds. */
export async function heavySteps(engine: Engine, word: string): Promise<string[]> {
  const said = ok(await engine.docker(['system', 'df', '--verbose', '--format', '{{json .}}']))
  const steps = usage.parse(JSON.parse(said)).BuildCache.map(({ Description }) => Description)
  return ['small', 'large'].filter((size) => steps.some((step) => step.includes(`> /${word}.${size}`)))
}
